// SPDX-License-Identifier: Apache-2.0
#include "metrics/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "base/utf8.h"
#include "mme/mongo_commands.h"

namespace mme {
namespace {

constexpr std::string_view kMethods[] = {"EXTENSION_METHOD", "GET",     "HEAD",  "POST",  "PUT", "DELETE",
                                         "CONNECT",          "OPTIONS", "TRACE", "PATCH", "PRI"};
static_assert(std::size(kMethods) == MME_METHODS);

constexpr std::string_view kHttpProtocols[] = {"http", "websocket", "sse", "grpc", "grpc-web"};
static_assert(std::size(kHttpProtocols) == MME_HTTP_PROTOCOLS);

#define MME_MONGO_COMMAND_TEXT(name) #name,
constexpr std::string_view kMongoCommands[] = {MME_MONGO_COMMANDS(MME_MONGO_COMMAND_TEXT)};
#undef MME_MONGO_COMMAND_TEXT
static_assert(std::size(kMongoCommands) == MME_MONGO_COMMAND_COUNT);

constexpr std::string_view kSkips[] = {"unsynced",   "gap",           "reorder",      "duplicate", "out_of_window",
                                       "rejected",   "malformed",     "tls",          "http2",     "upgraded",
                                       "urgent",     "head_too_long", "budget",       "scratch",   "connection_cap",
                                       "no_request", "no_reply",      "pending_full", "headers",   "internal"};
static_assert(std::size(kSkips) == MME_SKIPS);

constexpr std::string_view kFamilies[] = {"entrypoint", "upstream", "mongo"};
static_assert(std::size(kFamilies) == MME_FAMILIES);

constexpr std::string_view kProtocols[] = {"http", "mongo"};
static_assert(std::size(kProtocols) == MME_PROTOCOLS);

template <size_t N>
std::string_view at_or(const std::string_view (&names)[N], size_t index, std::string_view otherwise) {
  return index < N ? names[index] : otherwise;
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The first bytes of a character whose last ones are missing.
bool is_partial_character(std::string_view text) {
  constexpr size_t kLongestCharacter = 4;
  const auto lead = static_cast<unsigned char>(text[0]);
  return lead >= 0xc2 && lead < 0xf5 && text.size() < kLongestCharacter &&
         std::all_of(text.begin() + 1, text.end(), is_continuation);
}

// At most `limit` bytes of valid UTF-8 without NUL, see label_text().
std::string valid_text(std::string_view wire, bool cut, size_t limit) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string text;
  text.reserve(std::min(wire.size(), limit));
  while (!wire.empty()) {
    const size_t length = wire[0] == '\0' ? 0 : first_character(wire).length;
    if (length == 0 && cut && is_partial_character(wire)) break;
    const std::string_view character = length == 0 ? kReplacement : wire.substr(0, length);
    if (text.size() + character.size() > limit) break;
    text += character;
    wire.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace

std::string_view method_name(uint8_t method) {
  return at_or(kMethods, method, kMethods[MME_METHOD_EXTENSION]);
}
std::string_view http_protocol_name(uint8_t protocol) {
  return at_or(kHttpProtocols, protocol, kHttpProtocols[MME_HTTP_PLAIN]);
}
std::string_view mongo_command_name(uint16_t command) {
  return at_or(kMongoCommands, command, "other");
}
std::string_view skip_name(size_t reason) {
  return at_or(kSkips, reason, kSkips[MME_SKIP_INTERNAL]);
}
std::string_view family_name(size_t family) {
  return at_or(kFamilies, family, kUnknown);
}
std::string_view protocol_name(size_t protocol) {
  return at_or(kProtocols, protocol, kUnknown);
}

std::string host_text(const __u64 (&address)[2]) {
  std::array<unsigned char, 16> bytes{};
  std::memcpy(bytes.data(), address, bytes.size());
  constexpr std::array<unsigned char, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool v4 = std::memcmp(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;

  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes.data() + kMappedPrefix.size() : bytes.data(), text.data(), text.size());
  return text.data();
}

std::string address_text(const __u64 (&address)[2], uint16_t port) {
  const std::string host = host_text(address);
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string label_text(std::string_view wire, bool cut) {
  return valid_text(wire, cut, kLabelBytesMax);
}

std::string path_label(std::string_view path) {
  constexpr std::string_view kCut = "...";
  std::string whole = valid_text(path, false, std::string::npos);
  if (whole.size() <= kLabelBytesMax) return whole;
  size_t begin = whole.size() - (kLabelBytesMax - kCut.size());
  while (is_continuation(whole[begin])) ++begin;
  return std::string(kCut) + whole.substr(begin);
}

}  // namespace mme

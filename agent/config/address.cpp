// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

#include "config/config.h"
#include "config/message.h"

namespace mme {
namespace {

// The address in its shortest form, or nothing.
std::optional<std::string> canonical_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  if (inet_ntop(family, bytes.data(), shown.data(), shown.size()) == nullptr) return std::nullopt;
  return shown.data();
}

std::optional<std::string> parse_host(std::string_view host) {
  if (host.empty()) return "0.0.0.0";
  if (host == "localhost") return "127.0.0.1";
  if (host.find('\0') != std::string_view::npos) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    return canonical_address(AF_INET6, std::string(host.substr(1, host.size() - 2)));
  }
  return canonical_address(AF_INET, std::string(host));
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, port);
  if (problem != std::errc{} || rest != end || port == 0) return std::nullopt;
  return port;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool inside_brackets = colon != std::string_view::npos && text.find(']', colon) != std::string_view::npos;
  if (colon == std::string_view::npos || inside_brackets) return fail(in_quotes(text) + " has no port");
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return fail(in_quotes(text.substr(colon + 1)) + " is not a port");
  const auto host = parse_host(text.substr(0, colon));
  if (!host) return fail(in_quotes(text.substr(0, colon)) + " is not an IP address");
  return ListenAddress{*host, *port};
}

std::string to_string(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace mme

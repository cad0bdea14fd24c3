// SPDX-License-Identifier: Apache-2.0
#include "mongo/wire_message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "mongo/compressed.h"

namespace mme::mongo {
namespace {

// messageLength, requestID, responseTo, opCode
// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#standard-message-header)
using Header = std::array<uint32_t, 4>;

constexpr size_t kOpenedBytesMax = 64U << 10U;  // far more than comes before what is looked for

void feed(std::string_view bytes, ParsedMessage& message) {
  mme_window window{};
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), MME_WINDOW_BYTES);
    std::memcpy(window.bytes, bytes.data(), size);
    window.length = static_cast<uint32_t>(size);
    window.position = 0;
    while (window.position < window.length) {
      if (mme_mongo_feed(&message.parser, &message.names, &window) != MME_STEP_MORE) return;
    }
    bytes.remove_prefix(size);
  }
}

}  // namespace

std::optional<WireMessage> open_message(std::string_view bytes) {
  Header header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(header.data(), bytes.data(), sizeof header);
  if (!mme_mongo_plausible_length(header[0])) return std::nullopt;
  const std::string_view body = bytes.substr(sizeof header, header[0] - sizeof header);
  WireMessage message;
  message.opcode = static_cast<int32_t>(header[3]);
  message.whole_bytes = header[0] - sizeof header;
  message.was_compressed = message.opcode == MME_OP_COMPRESSED;
  if (!message.was_compressed) {
    message.body = body;
    return message;
  }
  auto opened = open_compressed(body, message.whole_bytes, kOpenedBytesMax);
  if (!opened) return std::nullopt;
  message.opcode = opened->opcode;
  message.whole_bytes = opened->uncompressed_bytes;
  message.body = std::move(opened->content);
  return message;
}

std::string ParsedMessage::name(size_t which) const {
  if (names.complete[which] == 0) return {};
  const mme_name& name = names.text[which];
  return {name.text, std::min<size_t>(name.length, MME_NAME_BYTES)};
}

ParsedMessage parse(const WireMessage& message, uint16_t flags) {
  ParsedMessage parsed;
  parsed.parser.flags = flags;
  const Header header{static_cast<uint32_t>(sizeof(Header) + message.whole_bytes), 1,
                      (flags & MME_MONGO_IS_REPLY) != 0 ? 1U : 0U, static_cast<uint32_t>(message.opcode)};
  std::string bytes(reinterpret_cast<const char*>(header.data()), sizeof header);
  bytes += message.body;
  feed(bytes, parsed);
  return parsed;
}

}  // namespace mme::mongo

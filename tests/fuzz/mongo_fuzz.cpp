// SPDX-License-Identifier: Apache-2.0
// Any bytes as a MongoDB conversation. Random bytes are seldom a message, so the first byte of a piece may ask for a
// header that is right.
#include <deque>
#include <string>

#include "protocol_fuzz.h"

namespace mme::test {
namespace {

void put32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

// Messages with a plausible header and any content; ids are few, so that replies find requests.
void fuzz_messages(const uint8_t* data, size_t size) {
  static constexpr uint32_t opcodes[] = {MME_OP_MSG, MME_OP_MSG, MME_OP_MSG, MME_OP_COMPRESSED};
  Choices choices(data, size);
  const size_t cut = 1 + choices.byte() % 67;
  std::deque<std::string> messages;
  std::vector<Piece> pieces;
  uint32_t next[2] = {0, 0};
  while (!choices.empty()) {
    const uint8_t shape = choices.byte();
    const bool is_request = shape & 1;
    const std::string_view content = choices.bytes(1 + choices.byte());
    const uint32_t id = (shape >> 1) & 3;
    const uint32_t handshake = is_request ? MME_OP_QUERY : MME_OP_REPLY;
    std::string& message = messages.emplace_back();
    put32(message, static_cast<uint32_t>(16 + content.size()));
    put32(message, id);
    put32(message, is_request ? 0 : id);
    put32(message, shape & 0x20 ? handshake : opcodes[(shape >> 3) & 3]);
    message += content;
    pieces.push_back({is_request, next[is_request], message});
    next[is_request] += static_cast<uint32_t>(message.size());
  }
  check_same(play(MME_ROLE_MONGOD, pieces, 0), play(MME_ROLE_MONGOD, pieces, cut));
}

}  // namespace
}  // namespace mme::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (data[0] & 1) {
    mme::test::fuzz_messages(data + 1, size - 1);
  } else {
    mme::test::fuzz_cuts(MME_ROLE_MONGOD, data + 1, size - 1);
  }
  return 0;
}

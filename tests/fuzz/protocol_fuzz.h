// SPDX-License-Identifier: Apache-2.0
// What the protocol fuzzers share: a conversation out of any bytes, played whole and cut.
#pragma once

#include <cstdint>
#include <cstring>
#include <numeric>
#include <string_view>
#include <vector>

#include "unit/protocol/host_connection.h"

namespace mme::test {

// Takes choices from the front of the input; zeros when it is used up.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(reinterpret_cast<const char*>(data), size) {}

  uint8_t byte() {
    if (data_.empty()) return 0;
    const auto value = static_cast<uint8_t>(data_.front());
    data_.remove_prefix(1);
    return value;
  }
  std::string_view bytes(size_t count) {
    const std::string_view taken = data_.substr(0, count);
    data_.remove_prefix(taken.size());
    return taken;
  }
  bool empty() const { return data_.empty(); }

 private:
  std::string_view data_;
};

struct Piece {
  bool is_request = true;
  uint32_t sequence = 0;  // relative to the stream's start
  std::string_view bytes;
};

inline void check_account(const HostConnection& connection, uint64_t sent) {
  const mme_account& account = connection.account();
  const uint64_t skipped =
      std::accumulate(std::begin(account.bytes_skipped), std::end(account.bytes_skipped), uint64_t{0});
  require(account.bytes_seen == account.bytes_parsed + skipped);
  require(account.bytes_seen <= sent);
  require(connection.samples().size() <= connection.messages() + 1);  // an end of stream may complete one more
}

inline void check_same(const HostConnection& a, const HostConnection& b) {
  require(a.samples().size() == b.samples().size());
  for (size_t i = 0; i < a.samples().size(); i++)
    require(std::memcmp(&a.samples()[i], &b.samples()[i], sizeof(mme_sample)) == 0);
  require(a.messages() == b.messages());
  for (unsigned i = 0; i < MME_SKIPS; i++) require(a.account().messages_skipped[i] == b.account().messages_skipped[i]);
}

// Plays the pieces to a connection that is open from the start; `cut` > 0: in pieces of that many bytes, each twice.
inline HostConnection play(uint8_t role, const std::vector<Piece>& pieces, size_t cut) {
  HostConnection connection(role, role == MME_ROLE_UPSTREAM ? MME_CONNECTION_ACTIVE : MME_CONNECTION_PASSIVE);
  connection.open(0xffffffe0u, 0xfffffff0u);
  uint64_t sent = 0;
  for (const Piece& piece : pieces) {
    const uint32_t start = (piece.is_request ? 0xffffffe0u : 0xfffffff0u) + piece.sequence;
    const size_t size = cut ? cut : piece.bytes.size();
    for (size_t at = 0; at < piece.bytes.size(); at += size) {
      const Segment segment{.is_request = piece.is_request,
                            .sequence = start + static_cast<uint32_t>(at),
                            .bytes = piece.bytes.substr(at, size),
                            .now_ns = 1};
      connection.segment(segment);
      sent += segment.bytes.size();
      if (!cut) continue;
      connection.segment(segment);
      sent += segment.bytes.size();
    }
  }
  check_account(connection, sent);
  return connection;
}

// Bytes of a conversation in order: a length byte and a direction, then the bytes themselves.
inline std::vector<Piece> pieces_in_order(Choices& choices) {
  std::vector<Piece> pieces;
  uint32_t next[2] = {0, 0};
  while (!choices.empty()) {
    const uint8_t choice = choices.byte();
    const bool is_request = choice & 1;
    const std::string_view bytes = choices.bytes(size_t{1} + (choice >> 1) * size_t{4});
    if (bytes.empty()) break;
    pieces.push_back({is_request, next[is_request], bytes});
    next[is_request] += static_cast<uint32_t>(bytes.size());
  }
  return pieces;
}

// Whether a stream was given up and then sought again, see mme_connection_seeks().
inline bool has_sought(const HostConnection& connection) {
  const auto& skipped = connection.account().messages_skipped;
  return connection.state().role != MME_ROLE_MONGOD &&
         (skipped[MME_SKIP_MALFORMED] != 0 || skipped[MME_SKIP_HEAD_TOO_LONG] != 0);
}

// Whole and cut-up must tell the same, up to a message that cannot be read: streams are taken up again where a segment
// begins.
inline void fuzz_cuts(uint8_t role, const uint8_t* data, size_t size) {
  Choices choices(data, size);
  const size_t cut = 1 + choices.byte() % 67;
  const std::vector<Piece> pieces = pieces_in_order(choices);
  const HostConnection whole = play(role, pieces, 0);
  const HostConnection in_parts = play(role, pieces, cut);
  require(has_sought(whole) == has_sought(in_parts));
  if (!has_sought(whole)) check_same(whole, in_parts);
}

}  // namespace mme::test

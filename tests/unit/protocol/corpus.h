// SPDX-License-Identifier: Apache-2.0
// Reads the conversations of tests/corpus; its README explains the format.
#pragma once

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "mme/exchange.h"

namespace mme::test {

struct Line {
  bool is_request = true;
  std::string bytes;
  bool fin = false;
  bool urgent = false;
  uint64_t now_ns = 0;  // the same for all lines of one direction in a row
};

struct Conversation {
  std::string name;
  uint8_t role = MME_ROLE_ENTRYPOINT;
  bool older = false;  // than the agent: neither its beginning nor its sequence numbers are known
  bool whole = false;  // what it shows depends on where its segments begin
  std::vector<Line> lines;
  std::vector<std::string> samples;
  std::map<std::string, uint64_t> skipped_messages;  // by reason
};

// How GoogleTest shows one.
inline void PrintTo(const Conversation& conversation, std::ostream* out) {
  *out << conversation.name;
}

std::string skip_reason(unsigned reason);
std::vector<Conversation> read_corpus();

// One packet of a replay.
struct Packet {
  size_t line = 0;
  size_t offset = 0;
  size_t bytes = 0;
  bool fin = false;
};

// All ways in which the same conversation may arrive.
struct Replay {
  std::string name;
  std::vector<Packet> packets;
};

Replay whole(const Conversation& conversation);
Replay in_pieces(const Conversation& conversation, size_t bytes);
std::vector<Replay> cut_everywhere(const Conversation& conversation);
Replay duplicated(const Replay& replay);
// Neighbours in the ingress direction change places, pairwise.
Replay swapped(const Conversation& conversation, const Replay& replay);
std::vector<Replay> every_replay(const Conversation& conversation);

}  // namespace mme::test

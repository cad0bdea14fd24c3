// SPDX-License-Identifier: Apache-2.0
// Plays a conversation to the host driver.
#pragma once

#include "unit/protocol/corpus.h"
#include "unit/protocol/host_connection.h"

namespace mme::test {

// Both wrap around 2^32 within a conversation.
inline constexpr uint32_t kRequestSequence = 0xfffffff0u;
inline constexpr uint32_t kReplySequence = 0xffffffc0u;

inline HostConnection host_connection(const Conversation& conversation) {
  const uint8_t opened = conversation.role == MME_ROLE_UPSTREAM ? MME_CONNECTION_ACTIVE : MME_CONNECTION_PASSIVE;
  HostConnection connection(conversation.role, conversation.older ? uint8_t{0} : opened);
  if (!conversation.older) connection.open(kRequestSequence, kReplySequence);
  return connection;
}

// The segments of a replay, in its order.
inline std::vector<Segment> segments(const Conversation& conversation, const Replay& replay) {
  std::vector<uint32_t> starts;
  uint32_t next[2] = {kReplySequence, kRequestSequence};
  for (const Line& line : conversation.lines) {
    starts.push_back(next[line.is_request]);
    next[line.is_request] += static_cast<uint32_t>(line.bytes.size());
  }
  std::vector<Segment> segments;
  for (const Packet& packet : replay.packets) {
    const Line& line = conversation.lines[packet.line];
    segments.push_back({.is_request = line.is_request,
                        .sequence = starts[packet.line] + static_cast<uint32_t>(packet.offset),
                        .bytes = std::string_view(line.bytes).substr(packet.offset, packet.bytes),
                        .now_ns = line.now_ns,
                        .fin = packet.fin,
                        .urgent = line.urgent});
  }
  return segments;
}

inline HostConnection play(const Conversation& conversation, const Replay& replay) {
  HostConnection connection = host_connection(conversation);
  for (const Segment& segment : segments(conversation, replay)) connection.segment(segment);
  return connection;
}

}  // namespace mme::test

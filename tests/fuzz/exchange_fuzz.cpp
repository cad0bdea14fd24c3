// SPDX-License-Identifier: Apache-2.0
// Segments in any order, overlapping, repeated, beyond holes and windows, with FIN and URG, on connections of every
// role, new or older than the agent: bytes are accounted once or still wait, and no sample comes without a message.
#include "protocol_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mme::test;
  static constexpr uint8_t roles[] = {MME_ROLE_ENTRYPOINT, MME_ROLE_UPSTREAM, MME_ROLE_MONGOD, MME_ROLE_MONGOD};
  Choices choices(data, size);
  const uint8_t shape = choices.byte();
  const bool older = shape & 4;
  HostConnection connection(roles[shape & 3], older ? 0 : MME_CONNECTION_PASSIVE);
  if (!older) connection.open(0xffffffe0u, 0xfffffff0u);
  uint32_t next[2] = {0xfffffff0u, 0xffffffe0u};
  uint64_t sent = 0, fins = 0;
  for (uint64_t now_ns = 1; !choices.empty(); now_ns++) {
    const uint8_t choice = choices.byte();
    Segment segment{.is_request = (choice & 1) != 0, .sequence = 0, .bytes = {}, .now_ns = now_ns};
    uint32_t& expected = next[segment.is_request];
    segment.sequence = expected;
    if (choice & 2) segment.sequence += static_cast<uint32_t>(static_cast<int8_t>(choices.byte()));
    if ((choice & 0x1c) == 0x1c) segment.sequence += static_cast<uint32_t>(choices.byte()) << 24;
    segment.fin = (choice & 0xe0) == 0xe0;
    segment.urgent = (choice & 0xfc) == 0x40;
    segment.bytes = choices.bytes(choices.byte());
    if (!(choice & 2) || (choice & 4)) expected = segment.sequence + static_cast<uint32_t>(segment.bytes.size());
    connection.segment(segment);
    sent += segment.bytes.size();
    fins += segment.fin;
  }
  const mme_account& account = connection.account();
  const uint64_t skipped =
      std::accumulate(std::begin(account.bytes_skipped), std::end(account.bytes_skipped), uint64_t{0});
  require(account.bytes_seen == account.bytes_parsed + skipped + mme_connection_parked(&connection.state()));
  require(account.bytes_seen == sent);
  require(connection.samples().size() <= connection.messages() + fins);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "mme/exchange.h"

#include <gtest/gtest.h>

namespace mme::test {
namespace {

mme_connection busy(uint8_t role, uint16_t begun, uint16_t ended) {
  mme_connection c{};
  c.role = role;
  c.request.sync = MME_SYNC_LOCKED;
  c.reply.sync = MME_SYNC_LOCKED;
  c.request.count = begun;
  c.reply.count = ended;
  return c;
}

TEST(InFlight, IsWhatHasBegunAndNotEnded) {
  for (const uint8_t role : {MME_ROLE_ENTRYPOINT, MME_ROLE_UPSTREAM}) {
    const mme_connection idle = busy(role, 7, 7);
    EXPECT_EQ(mme_connection_in_flight(&idle), 0);
    const mme_connection three = busy(role, 7, 4);
    EXPECT_EQ(mme_connection_in_flight(&three), 3);
    const mme_connection wrapped = busy(role, 2, 65535);
    EXPECT_EQ(mme_connection_in_flight(&wrapped), 3);
  }
}

TEST(InFlight, NeverExceedsWhatWasReadWhileAnExchangeCameAndWent) {
  const mme_connection passing = busy(MME_ROLE_ENTRYPOINT, 7, 8);
  EXPECT_EQ(mme_connection_in_flight(&passing), 0);
}

TEST(InFlight, IsNoneWhereNoReplyWillBeSeen) {
  for (const uint8_t role : {MME_ROLE_NONE, MME_ROLE_MONGOD, MME_ROLE_FOREIGN}) {
    const mme_connection other = busy(role, 7, 4);
    EXPECT_EQ(mme_connection_in_flight(&other), 0) << int{role};
  }
  mme_connection closed = busy(MME_ROLE_ENTRYPOINT, 7, 4);
  closed.flags = MME_CONNECTION_CLOSED;
  EXPECT_EQ(mme_connection_in_flight(&closed), 0);
  mme_connection left = busy(MME_ROLE_UPSTREAM, 7, 6);
  left.left = 1;
  EXPECT_EQ(mme_connection_in_flight(&left), 0);
  mme_connection upgraded = busy(MME_ROLE_ENTRYPOINT, 8, 7);  // with a request that came before its 101
  upgraded.reply.sync = MME_SYNC_OPAQUE;
  EXPECT_EQ(mme_connection_in_flight(&upgraded), 0);
  mme_connection lost = busy(MME_ROLE_ENTRYPOINT, 8, 7);
  lost.reply.sync = MME_SYNC_SEEK;
  EXPECT_EQ(mme_connection_in_flight(&lost), 0);
}

TEST(UnknownRequest, IsPassedOverWhereOneWasBegun) {
  const mme_connection c = busy(MME_ROLE_ENTRYPOINT, 1, 65535);
  EXPECT_EQ(mme_http_unknown_answered(&c, 65535), 0);
  EXPECT_EQ(mme_http_unknown_answered(&c, 1), 1);  // nobody saw it
  EXPECT_EQ(mme_http_unknown_answered(&c, 2), 2);  // request 1 was taken back
}

TEST(InFlight, CountsTheFirstRequestOfAnOlderConnection) {
  mme_connection older = busy(MME_ROLE_UPSTREAM, 1, 0);
  older.reply.sync = MME_SYNC_NONE;
  EXPECT_EQ(mme_connection_in_flight(&older), 1);
}

TEST(Parked, IsNothingWhileMoreIsTakenThanWasCounted) {
  mme_connection c{};
  c.ingress = 2 | 70000U << MME_INGRESS_PARKED_SHIFT;
  EXPECT_EQ(mme_connection_parked(&c), 70000U);
  c.ingress -= 70001U << MME_INGRESS_PARKED_SHIFT;  // a piece of it that the other CPU will count in a moment
  EXPECT_EQ(mme_connection_parked(&c), 0U);
  c.ingress += 3U << MME_INGRESS_PARKED_SHIFT;
  EXPECT_EQ(mme_connection_parked(&c), 2U);
}

struct Peer {
  uint8_t peer = MME_PEER_CLIENT;

  uint8_t sends(uint16_t command, uint16_t flags = 0, uint64_t database = 1) {
    mme_mongo request{};
    request.flags = flags;
    mme_mongo_names names{};
    names.hash[0] = database;
    return peer = mme_mongo_peer(peer, &request, &names, command);
  }
};

TEST(MongoPeer, IsFoundByWhatItSends) {
  Peer client;
  EXPECT_EQ(client.sends(MME_COMMAND_find, MME_MONGO_MORE_TO_COME), MME_PEER_CLIENT);
  EXPECT_EQ(client.sends(MME_COMMAND_find, 0, MME_HASH_LOCAL), MME_PEER_CLIENT);
  EXPECT_EQ(client.sends(MME_COMMAND_hello), MME_PEER_CLIENT);
  EXPECT_EQ(client.sends(MME_COMMAND_replSetGetStatus), MME_PEER_CLIENT);
  Peer mongos;
  EXPECT_EQ(mongos.sends(MME_COMMAND_hello, MME_MONGO_INTERNAL_CLIENT), MME_PEER_INTERNAL);
  EXPECT_EQ(mongos.sends(MME_COMMAND_find), MME_PEER_INTERNAL);
  EXPECT_EQ(mongos.sends(MME_COMMAND_killCursors, MME_MONGO_MORE_TO_COME), MME_PEER_INTERNAL);
  EXPECT_EQ(mongos.sends(MME_COMMAND_hello), MME_PEER_INTERNAL);
  Peer copies = mongos;
  EXPECT_EQ(copies.sends(MME_COMMAND_find, 0, MME_HASH_LOCAL), MME_PEER_MEMBER);
  EXPECT_EQ(copies.sends(MME_COMMAND_listDatabases), MME_PEER_MEMBER);
  Peer mirrors = mongos;
  EXPECT_EQ(mirrors.sends(MME_COMMAND_find, MME_MONGO_MORE_TO_COME), MME_PEER_MEMBER);
  Peer older_than_the_agent;
  EXPECT_EQ(older_than_the_agent.sends(MME_COMMAND_replSetHeartbeat), MME_PEER_MEMBER);
}

TEST(MongoPeer, ReplicationIsWhatMembersSayToEachOther) {
  EXPECT_FALSE(mme_mongo_is_replication(MME_PEER_CLIENT, MME_COMMAND_hello));
  EXPECT_TRUE(mme_mongo_is_replication(MME_PEER_INTERNAL, MME_COMMAND_hello));
  EXPECT_FALSE(mme_mongo_is_replication(MME_PEER_INTERNAL, MME_COMMAND_find));
  EXPECT_TRUE(mme_mongo_is_replication(MME_PEER_MEMBER, MME_COMMAND_find));
  mme_series_key key{};
  key.code = MME_COMMAND_getMore;
  EXPECT_EQ(mme_mongo_counts_index(&key, MME_COMMAND_find), uint32_t{MME_COMMAND_find});
  key.method = MME_PEER_MEMBER;
  EXPECT_EQ(mme_mongo_counts_index(&key, MME_COMMAND_find), uint32_t{MME_COMMAND_find} + MME_MONGO_COMMAND_COUNT);
}

}  // namespace
}  // namespace mme::test

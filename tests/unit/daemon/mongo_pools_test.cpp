// SPDX-License-Identifier: Apache-2.0
#include "daemon/mongo_pools.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "metrics/names.h"

namespace mme {
namespace {

using namespace std::chrono_literals;

mme_in_flight connection(uint64_t cookie, uint32_t requests, uint32_t works = 1, uint8_t host = 1) {
  mme_in_flight raw{};
  raw.link.role = MME_ROLE_MONGOD;
  raw.link.address[1] = 0x0000000affff0000ULL | static_cast<uint64_t>(host) << 56U;  // ::ffff:10.0.0.HOST
  raw.cookie = cookie;
  raw.requests = requests;
  raw.works = works;
  return raw;
}

std::string_view application(uint64_t cookie) {
  return cookie < 100 ? "shop" : "";
}

class MongoPoolsTest : public ::testing::Test {
 protected:
  void sample(std::chrono::milliseconds at, const std::vector<mme_in_flight>& connections) {
    ASSERT_TRUE(pools_.due(MongoPools::Clock::time_point(1h + at)));
    pools_.sample(MongoPools::Clock::time_point(1h + at), connections, application);
  }
  [[nodiscard]] std::vector<RawMongoPool> pools() const {
    KernelSnapshot snapshot;
    pools_.add_to(snapshot);
    return snapshot.mongo_pools;
  }

  MongoPools pools_;
};

TEST_F(MongoPoolsTest, ByApplicationAndClient) {
  sample(0ms, {connection(1, 1), connection(2, 0), connection(3, 0, 0), connection(4, 1, 1, 2), connection(100, 0)});
  const auto all = pools();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].application, "");
  EXPECT_EQ(all[1].application, "shop");
  EXPECT_EQ(all[1].client, "10.0.0.1");
  EXPECT_EQ(all[1].open, 3U);
  EXPECT_EQ(all[1].busy, 1U);
  EXPECT_EQ(all[2].client, "10.0.0.2");
  sample(250ms, {});
  EXPECT_EQ(pools()[1].open, 0U);
}

TEST_F(MongoPoolsTest, OtherServersAreOneApplication) {
  mme_in_flight member = connection(1, 0);
  member.peer = MME_PEER_INTERNAL;
  sample(0ms, {member, connection(2, 0)});
  ASSERT_EQ(pools().size(), 2U);
  EXPECT_EQ(pools()[0].application, kInternal);
  EXPECT_EQ(pools()[1].application, "shop");
}

TEST_F(MongoPoolsTest, SaturatedWhileAllThatWorkAreBusy) {
  sample(0ms, {connection(1, 1), connection(2, 1), connection(3, 0, 0)});
  EXPECT_EQ(pools()[0].saturated_s, 0);  // since when is not known
  sample(250ms, {connection(1, 1), connection(2, 1), connection(3, 0, 0)});
  sample(500ms, {connection(1, 1), connection(2, 0), connection(3, 0, 0)});
  sample(750ms, {connection(3, 0, 0)});
  sample(1000ms, {connection(1, 1), connection(2, 1)});
  EXPECT_EQ(pools()[0].saturated_s, 0.5);
  sample(10000ms, {connection(1, 1), connection(2, 1)});  // nobody looked meanwhile
  EXPECT_EQ(pools()[0].saturated_s, 0.5);
}

TEST_F(MongoPoolsTest, ManyConnectionsAreLookedAtLessOften) {
  std::vector<mme_in_flight> many(5000, connection(1, 0));
  sample(0ms, many);
  EXPECT_FALSE(pools_.due(MongoPools::Clock::time_point(1h + 250ms)));
  EXPECT_TRUE(pools_.due(MongoPools::Clock::time_point(1h + 1000ms)));
}

TEST_F(MongoPoolsTest, ClientsOverTheCapAreOne) {
  std::vector<mme_in_flight> connections;
  for (uint32_t host = 0; host < 250; ++host) connections.push_back(connection(1, 0, 1, static_cast<uint8_t>(host)));
  sample(0ms, connections);
  EXPECT_EQ(pools().size(), MongoPools::kPoolsMax + 1);
}

TEST_F(MongoPoolsTest, PoolsThatHadNothingOpenForLongMakeRoom) {
  std::vector<mme_in_flight> first, others;
  for (uint8_t host = 0; host < MongoPools::kPoolsMax; ++host) first.push_back(connection(1, 0, 1, host));
  others.push_back(first.front());
  others.push_back(connection(2, 0, 1, 250));
  sample(0ms, first);
  sample(1s, others);
  EXPECT_EQ(pools().size(), MongoPools::kPoolsMax + 1);
  EXPECT_EQ(pools()[0].application, kOther);
  EXPECT_EQ(pools()[0].open, 1U);
  sample(10min - 1s, others);
  EXPECT_EQ(pools().size(), MongoPools::kPoolsMax + 1);
  sample(10min, others);
  sample(10min + 1s, others);
  ASSERT_EQ(pools().size(), 3U);  // with `_other`, where the new one was until then
  EXPECT_EQ(pools()[1].client, "10.0.0.0");
  EXPECT_EQ(pools()[2].client, "10.0.0.250");
  EXPECT_EQ(pools()[2].open, 1U);
  sample(21min, others);
  EXPECT_EQ(pools().size(), 2U);
}

TEST_F(MongoPoolsTest, OtherTakesNoPlace) {
  std::vector<mme_in_flight> many;
  for (uint8_t host = 0; host < MongoPools::kPoolsMax; ++host) many.push_back(connection(1, 0, 1, host));
  many.push_back(connection(2, 0, 1, 250));
  sample(0ms, many);
  many.erase(many.begin());
  sample(10min, many);
  sample(10min + 1s, many);
  const auto all = pools();
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& pool) { return pool.client == "10.0.0.250"; }));
}

}  // namespace
}  // namespace mme

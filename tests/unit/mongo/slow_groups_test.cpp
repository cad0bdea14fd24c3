// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_groups.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mme::mongo {
namespace {

using namespace std::chrono_literals;

SlowCommand slow(const std::string& command, const std::string& collection, uint64_t fingerprint,
                 std::chrono::nanoseconds duration, const std::string& application = "") {
  SlowCommand result;
  result.command = command;
  result.database = "mme";
  result.collection = collection;
  result.fingerprint = fingerprint;
  result.shape = "shape " + std::to_string(fingerprint);
  result.duration = duration;
  result.application = application;
  return result;
}

TEST(SlowGroups, PercentilesAreExact) {
  SlowGroups groups(SlowGrouping::shape);
  for (int ms = 100; ms >= 1; --ms) groups.add(slow("find", "memories", 1, std::chrono::milliseconds(ms)));
  const SlowGroup group = groups.by_total().at(0);
  EXPECT_EQ(group.count, 100U);
  EXPECT_EQ(group.p50, 50ms);
  EXPECT_EQ(group.p95, 95ms);
  EXPECT_EQ(group.max, 100ms);
  EXPECT_EQ(group.total, 5050ms);
  groups.add(slow("find", "memories", 1, 101ms));
  EXPECT_EQ(groups.by_total().at(0).p50, 51ms);
  EXPECT_EQ(groups.by_total().at(0).p95, 96ms);
}

TEST(SlowGroups, ReplicationIsInNoneOfClients) {
  SlowCommand replication = slow("getMore", "oplog.rs", 1, 7ms, "_internal");
  replication.replication = true;
  SlowGroups by_shape(SlowGrouping::shape);
  by_shape.add(replication);
  EXPECT_TRUE(by_shape.by_total().empty());
  SlowGroups by_application(SlowGrouping::application);
  by_application.add(replication);
  EXPECT_EQ(by_application.by_total().size(), 1U);
}

TEST(SlowGroups, OfOne) {
  SlowGroups groups(SlowGrouping::command);
  EXPECT_TRUE(groups.by_total().empty());
  groups.add(slow("find", "memories", 1, 7ms));
  const SlowGroup group = groups.by_total().at(0);
  EXPECT_EQ(group.p50, 7ms);
  EXPECT_EQ(group.p95, 7ms);
  EXPECT_EQ(group.max, 7ms);
}

TEST(SlowGroups, WhatTookTheMostTimeFirst) {
  SlowGroups groups(SlowGrouping::shape);
  groups.add(slow("find", "memories", 1, 5ms));
  groups.add(slow("find", "users", 1, 9ms));  // the same shape on another collection is another group
  groups.add(slow("find", "memories", 2, 3ms));
  groups.add(slow("find", "memories", 1, 6ms));
  groups.add(slow("count", "memories", 1, 1ms));
  std::vector<std::string> order;
  for (const SlowGroup& group : groups.by_total()) {
    order.push_back(group.command + " " + group.name_space + " " + group.shape + " " + std::to_string(group.count));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"find mme.memories shape 1 2", "find mme.users shape 1 1",
                                             "find mme.memories shape 2 1", "count mme.memories shape 1 1"}));
}

TEST(SlowGroups, ShapesThatWereNotSeen) {
  SlowGroups groups(SlowGrouping::shape);
  for (const char* collection : {"memories", "users", "memories"}) {
    SlowCommand without = slow("find", collection, 1, 5ms);
    without.fingerprint.reset();
    without.shape.clear();
    groups.add(without);
  }
  groups.add(slow("find", "memories", 1, 1ms));
  const auto all = groups.by_total();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].count, 2U);
  EXPECT_EQ(all[0].shape, "(shape not seen)");
  const auto json = nlohmann::json::parse(to_json(all, SlowGrouping::shape));
  EXPECT_FALSE(json[0].contains("shape") || json[0].contains("fingerprint"));
  EXPECT_EQ(json[2]["shape"], "shape 1");
}

TEST(SlowGroups, ByOthers) {
  const std::vector<SlowCommand> commands = {slow("find", "a", 1, 1ms, "one"), slow("find", "b", 2, 2ms, "two"),
                                             slow("count", "b", 3, 4ms, "two")};
  const auto json = [&](const char* by) {
    const auto grouping = parse_slow_grouping(by).value();
    SlowGroups groups(grouping);
    for (const SlowCommand& command : commands) groups.add(command);
    return nlohmann::json::parse(to_json(groups.by_total(), grouping));
  };
  EXPECT_EQ(json("namespace"), nlohmann::json::parse(R"([
    {"count": 2, "p50_ms": 2.0, "p95_ms": 4.0, "max_ms": 4.0, "total_ms": 6.0, "namespace": "mme.b"},
    {"count": 1, "p50_ms": 1.0, "p95_ms": 1.0, "max_ms": 1.0, "total_ms": 1.0, "namespace": "mme.a"}])"));
  EXPECT_EQ(json("app")[0]["application"], "two");
  EXPECT_EQ(json("command")[0]["command"], "count");
  EXPECT_EQ(json("shape")[0], nlohmann::json::parse(R"(
    {"count": 1, "p50_ms": 4.0, "p95_ms": 4.0, "max_ms": 4.0, "total_ms": 4.0, "command": "count",
     "namespace": "mme.b", "fingerprint": "0000000000000003", "shape": "shape 3"})"));
  EXPECT_EQ(parse_slow_grouping("name_space"), std::nullopt);
  EXPECT_EQ(parse_slow_grouping(""), std::nullopt);
}

}  // namespace
}  // namespace mme::mongo

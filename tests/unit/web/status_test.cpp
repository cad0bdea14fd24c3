// SPDX-License-Identifier: Apache-2.0
#include "web/status.h"

#include <gtest/gtest.h>

#include <iterator>

#include "mme/histogram.h"

namespace mme {
namespace {

Status full_status() {
  Status status;
  status.version = "0.1.0";
  status.revision = "abc";
  status.uptime_s = 12.5;
  status.problems = {"p"};
  status.notes = {"n"};
  status.config_reload_ok = false;
  status.window_s = 10;
  status.targets = {{"traefik", "t\"\n", true, 7, "/t", {"0.0.0.0:80"}, "q"}};
  status.attachments = {{"t", "ingress", "/t", true, "e"}};
  GroupStatus group;
  group.key = {GroupKind::mongo, "mongod", "find"};
  group.window = {1, 2, 3.5, 4.5, 0.1, 0.2, 0.3, std::nullopt};
  group.total = {UINT64_MAX, 1, 0, 0, {}, {}, {}, {}};
  status.groups = {group};
  status.accounts["http"] = {1, 2, {{"gap", 3}}, {{"tls", 4}}};
  status.series_in_use = {{"mongo", 5}};
  status.series_overflow = {{"mongo", 6}};
  status.programs = {{"ingress", 1, 2, 3}};
  status.map_bytes = {{"series", 8}};
  status.process = {1.5, 2.5, 3, 4, 5, 6};
  status.open_entrypoint_connections = 9;
  status.open_mongo_connections = 10;
  return status;
}

TEST(StatusJson, RoundTrip) {
  const std::string json = to_json(full_status());
  const auto parsed = parse_status(json);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(to_json(*parsed), json);
  EXPECT_EQ(parsed->groups[0].total.requests, UINT64_MAX);
  EXPECT_EQ(parsed->groups[0].key.kind, GroupKind::mongo);
  EXPECT_FALSE(parsed->groups[0].window.p99_s.has_value());
  EXPECT_DOUBLE_EQ(parsed->groups[0].window.p95_s.value(), 0.3);
}

TEST(StatusJson, EveryKindOfGroup) {
  Status status = full_status();
  const GroupKind kinds[] = {GroupKind::entrypoint, GroupKind::route, GroupKind::router, GroupKind::upstream,
                             GroupKind::mongo};
  status.groups.assign(std::size(kinds), status.groups[0]);
  for (size_t i = 0; i < std::size(kinds); ++i) status.groups[i].key.kind = kinds[i];
  const std::string json = to_json(status);
  EXPECT_NE(json.find("\"kind\": \"router\""), std::string::npos);
  const auto parsed = parse_status(json);
  ASSERT_TRUE(parsed.has_value());
  for (size_t i = 0; i < std::size(kinds); ++i) EXPECT_EQ(parsed->groups[i].key.kind, kinds[i]);
}

TEST(StatusJson, AnyBytesAreText) {
  Status status = full_status();
  status.targets[0].cgroup = "\xff";
  EXPECT_TRUE(parse_status(to_json(status)).has_value());
}

TEST(StatusJson, RefusesWhatIsNoStatus) {
  for (const char* text :
       {"", "[]", "{}", "<html>", "{\"version\":1,\"targets\":[]}", "{\"version\":\"1\",\"targets\":3}",
        "{\"version\":\"1\",\"targets\":[],\"groups\":[{\"window\":{\"requests\":\"x\"}}]}"}) {
    EXPECT_FALSE(parse_status(text).has_value()) << text;
  }
}

TEST(GroupStatus, WindowAndTotal) {
  Totals before{.monotonic_s = 100, .groups = {}};
  Totals after{.monotonic_s = 110, .groups = {}};
  GroupTotals group{{GroupKind::entrypoint, "traefik", "web"}, {}};
  group.counts.requests = 100;
  group.counts.buckets[mme_bucket_index(20'000'000)] = 100;
  before.groups = {group};
  group.counts.requests = 300;
  group.counts.buckets[mme_bucket_index(20'000'000)] = 300;
  after.groups = {group};
  const auto groups = group_status(before, after);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].window.requests, 200U);
  EXPECT_DOUBLE_EQ(groups[0].window.requests_per_second, 20);
  EXPECT_EQ(groups[0].total.requests, 300U);
  EXPECT_NEAR(groups[0].total.p99_s.value(), 0.020, 0.001);
}

}  // namespace
}  // namespace mme

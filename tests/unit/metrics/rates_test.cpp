// SPDX-License-Identifier: Apache-2.0
#include "metrics/rates.h"

#include <gtest/gtest.h>

#include "mme/histogram.h"

namespace mme {
namespace {

Latency latency(uint64_t count, uint64_t ns) {
  Latency result;
  result.bounds = {count};
  result.buckets = {{mme_bucket_index(ns), count}};
  result.sum_ns = count * ns;
  return result;
}

HttpSeries http(std::string leg, std::string code, uint64_t count) {
  HttpSeries series{.target = "traefik",
                    .leg = std::move(leg),
                    .method = "GET",
                    .protocol = "http",
                    .code = std::move(code),
                    .latency = latency(count, 20'000'000),
                    .request_bytes = 10,
                    .response_bytes = 20};
  return series;
}

TEST(Rates, GroupsByLegAndCommand) {
  Snapshot snapshot;
  snapshot.entrypoint = {http("web", "200", 5), http("web", "502", 2), http("web", "404", 1)};
  MongoSeries failed{.target = "mongod",
                     .command = "find",
                     .database = "a",
                     .collection = "b",
                     .outcome = "error",
                     .ok = false,
                     .latency = latency(3, 1000),
                     .request_bytes = 1,
                     .response_bytes = 1};
  MongoSeries fine = failed;
  fine.ok = true;
  fine.outcome = "ok";
  snapshot.mongo = {failed, fine};
  const Totals all = totals(snapshot);
  ASSERT_EQ(all.groups.size(), 2U);
  EXPECT_EQ(all.groups[0].key, (GroupKey{GroupKind::entrypoint, "traefik", "web"}));
  EXPECT_EQ(all.groups[0].counts.requests, 8U);
  EXPECT_EQ(all.groups[0].counts.errors, 2U);
  EXPECT_EQ(all.groups[0].counts.response_bytes, 60U);
  EXPECT_EQ(all.groups[1].counts.requests, 6U);
  EXPECT_EQ(all.groups[1].counts.errors, 3U);

  snapshot.mongo_retired = {failed};  // goes on counting for its command
  snapshot.mongo = {fine};
  EXPECT_EQ(totals(snapshot).groups[1].counts.requests, 6U);
}

TEST(Rates, GroupsByRouteAndRouter) {
  Snapshot snapshot;
  snapshot.route = {http("promote", "200", 4), http("promote", "500", 1)};
  snapshot.router = {http("a@file", "200", 3)};
  snapshot.upstream = {http("10.0.0.5:80", "200", 2)};
  const Totals all = totals(snapshot);
  ASSERT_EQ(all.groups.size(), 3U);
  EXPECT_EQ(all.groups[0].key, (GroupKey{GroupKind::route, "traefik", "promote"}));
  EXPECT_EQ(all.groups[0].counts.requests, 5U);
  EXPECT_EQ(all.groups[0].counts.errors, 1U);
  EXPECT_EQ(all.groups[1].key, (GroupKey{GroupKind::router, "traefik", "a@file"}));
  EXPECT_EQ(all.groups[2].key.kind, GroupKind::upstream);
}

TEST(Rates, DifferenceOverAWindow) {
  Snapshot before, after;
  before.monotonic_s = 100;
  after.monotonic_s = 110;
  before.entrypoint = {http("web", "200", 1000)};
  after.entrypoint = {http("api", "200", 40), http("web", "200", 1200)};
  const auto changes = difference(totals(before), totals(after));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].key.name, "api");
  EXPECT_EQ(changes[0].counts.requests, 40U);  // new: counted from zero
  const GroupFigures web = figures(changes[1].counts, 10);
  EXPECT_EQ(web.requests, 200U);
  EXPECT_DOUBLE_EQ(web.requests_per_second, 20);
  EXPECT_NEAR(web.p95_s.value(), 0.020, 0.001);
  EXPECT_NEAR(web.mean_s.value(), 0.020, 1e-9);
}

TEST(Rates, IdleGroupHasNoQuantiles) {
  Snapshot snapshot;
  snapshot.entrypoint = {http("web", "200", 7)};
  const auto changes = difference(totals(snapshot), totals(snapshot));
  const GroupFigures web = figures(changes[0].counts, 0);
  EXPECT_EQ(web.requests, 0U);
  EXPECT_DOUBLE_EQ(web.requests_per_second, 0);
  EXPECT_FALSE(web.p50_s.has_value());
  EXPECT_FALSE(web.mean_s.has_value());
}

TEST(Rates, CounterOfANewMapStartsAgain) {
  Snapshot before, after;
  before.entrypoint = {http("web", "200", 1000)};
  after.entrypoint = {http("web", "200", 5)};
  EXPECT_EQ(difference(totals(before), totals(after))[0].counts.requests, 5U);
}

}  // namespace
}  // namespace mme

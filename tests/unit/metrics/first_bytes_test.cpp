// SPDX-License-Identifier: Apache-2.0
#include "metrics/first_bytes.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

HttpSeries durations(const std::string& name, const std::string& code, std::vector<uint64_t> bounds, uint64_t sum_ns) {
  HttpSeries series;
  series.name = name;
  series.code = code;
  series.latency.bounds = std::move(bounds);
  series.latency.sum_ns = sum_ns;
  return series;
}

ResolveContext context() {
  ResolveContext context;
  context.targets[1].name = "traefik";
  context.targets[1].entrypoints[80] = "web";
  return context;
}

// `count` replies that began below the first bound and ended behind the last one of two.
RawFirstBytes moved(uint32_t count, uint64_t first_ns, uint64_t last_ns) {
  RawFirstBytes raw;
  raw.key.target = 1;
  raw.key.role = MME_ROLE_ENTRYPOINT;
  raw.key.port = 80;
  raw.times.first[0] = count;
  raw.times.last[2] = count;
  raw.times.first_ns = first_ns;
  raw.times.last_ns = last_ns;
  return raw;
}

TEST(FirstBytes, RepliesInOneSegmentBeganWhenTheyEnded) {
  FirstBytes first_bytes;
  const auto series = first_bytes.entrypoints(
      {durations("web", "200", {4, 1, 0}, 900), durations("web", "500", {1, 0, 0}, 100)}, {}, context());
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].name, "web");
  EXPECT_EQ(series[0].latency.bounds, (std::vector<uint64_t>{5, 1, 0}));
  EXPECT_EQ(series[0].latency.sum_ns, 1000U);
}

TEST(FirstBytes, OthersAreMovedToWhereTheyBegan) {
  FirstBytes first_bytes;
  const auto series =
      first_bytes.entrypoints({durations("web", "200", {4, 0, 3}, 9000)}, {moved(3, 300, 8000)}, context());
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].latency.bounds, (std::vector<uint64_t>{7, 0, 0}));
  EXPECT_EQ(series[0].latency.sum_ns, 1300U);
}

TEST(FirstBytes, ASumNeverGoesDown) {
  FirstBytes first_bytes;
  const auto shown = [&](uint64_t sum_ns, const std::vector<RawFirstBytes>& raw) {
    return first_bytes.entrypoints({durations("web", "200", {4, 0, 1}, sum_ns)}, raw, context())[0].latency.sum_ns;
  };
  EXPECT_EQ(shown(9000, {}), 9000U);  // the kernel had not said yet when the last reply began
  EXPECT_EQ(shown(9000, {moved(1, 100, 8000)}), 9000U);
  EXPECT_EQ(shown(20000, {moved(1, 100, 8000)}), 12100U);
}

TEST(FirstBytes, WhatHasNoDurationsYetIsLeftOut) {
  FirstBytes first_bytes;
  EXPECT_TRUE(first_bytes.entrypoints({}, {moved(1, 1, 2)}, context()).empty());
  const auto early = first_bytes.entrypoints({durations("web", "200", {1, 0, 0}, 10)}, {moved(1, 1, 2)}, context());
  EXPECT_EQ(early[0].latency.bounds, (std::vector<uint64_t>{2, 0, 0}));
}

}  // namespace
}  // namespace mme

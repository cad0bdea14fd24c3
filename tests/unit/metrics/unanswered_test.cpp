// SPDX-License-Identifier: Apache-2.0
#include "metrics/unanswered.h"

#include <gtest/gtest.h>

#include "raw_series.h"

namespace mme {
namespace {

const ServerNames kServers = {{"10.0.0.5:8000", {"a@file", "http://a"}}, {"10.0.0.5:8001", {"b@file", "http://b"}}};

ResolveContext weighted() {
  return routing_context({{.routers = {{"r@file", "w@file"}}, .services = {"a@file", "b@file"}}}, kServers);
}

RawLink link(uint16_t port, uint32_t refused, uint32_t aborted = 0) {
  const RawSeries server = answered(port, 200, 1);
  RawLink one;
  one.key.role = MME_ROLE_UPSTREAM;
  one.key.target = 1;
  one.key.port = port;
  std::copy(std::begin(server.key.name), std::end(server.key.name), one.key.address);
  one.link.failures[MME_CONNECT_REFUSED] = refused;
  one.link.aborted[MME_ABORT_BEFORE_REPLY] = aborted;
  return one;
}

KernelSnapshot seen(std::vector<RawSeries> series, std::vector<RawLink> links) {
  for (RawSeries& one : series) one.key.target = 1;
  KernelSnapshot raw = kernel_snapshot(std::move(series));
  raw.links = std::move(links);
  return raw;
}

// Each call is later than the last by more than failures wait, where `now_s` does not say else.
Requests shares(Unanswered& unanswered, KernelSnapshot raw, double now_s = 0) {
  static double last_s = 0;
  last_s += 2 * Unanswered::kWaitS;
  raw.monotonic_s = now_s > 0 ? now_s : last_s;
  ResolveContext context = weighted();
  context.targets[1] = context.targets[0];
  unanswered.add_to(raw, context);
  Requests counts;
  for (const RawUnanswered& one : raw.unanswered) {
    counts[one.service + ' ' + std::to_string(one.series.key.code)] += one.series.latency.count();
  }
  return counts;
}

TEST(Unanswered, TheServiceWhoseServersTakeNoConnection) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 502, 15), answered(8001, 200, 15)}, {link(8000, 15), link(8001, 0)})),
            (Requests{{"a@file 502", 15}}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 45)}, {link(8000, 30), link(8001, 15)})),
            (Requests{{"a@file 502", 30}, {"b@file 502", 15}}));
}

TEST(Unanswered, WhoLeavesBreaksOffWhatWasBegun) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 499, 5), routed(1, 504, 1)}, {link(8000, 3), link(8001, 0, 6)})),
            (Requests{{"b@file 499", 5}, {"b@file 504", 1}}));
}

TEST(Unanswered, WhatAServerAnsweredIsCountedThere) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 502, 7), answered(8001, 502, 4)}, {link(8000, 3)})),
            (Requests{{"a@file 502", 3}}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 7), answered(8001, 502, 6)}, {link(8000, 3)})),
            (Requests{{"a@file 502", 3}}));  // two are still on their way to the client
  EXPECT_EQ(shares(all, seen({routed(1, 502, 9), answered(8001, 502, 6)}, {link(8000, 3)})),
            (Requests{{"a@file 502", 3}}));
}

TEST(Unanswered, SignsMayComeLaterOrNever) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 502, 2)}, {})), (Requests{}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 2)}, {link(8001, 3)})), (Requests{{"b@file 502", 2}}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 4)}, {link(8001, 3)})), (Requests{{"b@file 502", 3}}));  // one was over
  EXPECT_EQ(shares(all, seen({routed(1, 502, 6)}, {link(8000, 1), link(8001, 3)})),
            (Requests{{"a@file 502", 3}, {"b@file 502", 3}}));  // one waited, and went with the others
  EXPECT_EQ(shares(all, seen({routed(1, 502, 7)}, {link(8000, 1), link(8001, 3)})),
            (Requests{{"a@file 502", 3}, {"b@file 502", 3}}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 7)}, {link(8000, 1), link(8001, 3)})),
            (Requests{{"a@file 502", 3}, {"b@file 502", 3}, {"ambiguous 502", 1}}));
}

TEST(Unanswered, SignsOfManyFailuresMayComeOneByOne) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 499, 4)}, {}), 100), (Requests{}));
  EXPECT_EQ(shares(all, seen({routed(1, 499, 12)}, {link(8000, 0, 5), link(8001, 0, 1)}), 100.05),
            (Requests{{"a@file 499", 5}, {"b@file 499", 1}}));
  EXPECT_EQ(shares(all, seen({routed(1, 499, 12)}, {link(8000, 0, 6), link(8001, 0, 6)}), 100.1),
            (Requests{{"a@file 499", 6}, {"b@file 499", 6}}));
}

TEST(Unanswered, SignsMayComeLongBeforeTheFailuresWhereCallsAreMany) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({}, {link(8000, 3)}), 100), (Requests{}));
  for (const double now_s : {100.1, 100.2, 100.3})
    EXPECT_EQ(shares(all, seen({}, {link(8000, 3)}), now_s), (Requests{}));
  EXPECT_EQ(shares(all, seen({routed(1, 502, 3)}, {link(8000, 3)}), 100.4), (Requests{{"a@file 502", 3}}));
}

TEST(Unanswered, OtherCodesAndRoutesAreNotShared) {
  Unanswered all;
  EXPECT_EQ(shares(all, seen({routed(1, 503, 2), routed(1, 500, 2), routed(0, 502, 2)}, {link(8000, 9)})),
            (Requests{}));
}

TEST(Unanswered, AreAddedToWhatServersAnswered) {
  KernelSnapshot raw = seen({routed(1, 502, 3), routed(1, 200, 8), answered(8000, 200, 8)}, {link(8000, 3)});
  ResolveContext context = weighted();
  context.targets[1] = context.targets[0];
  Unanswered all;
  all.add_to(raw, context);
  EXPECT_EQ(requests(resolve(raw, context).service), (Requests{{"a@file 200", 8}, {"a@file 502", 3}}));
}

TEST(Split, KeepsEveryCounter) {
  RawSeries series = routed(1, 502, 10);
  series.latency.bounds = {4, 6};
  series.latency.buckets = {{100, 1}, {101, 9}};
  const std::vector<RawSeries> parts = split(series, {3, 0, 7});
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].latency.bounds, (std::vector<uint64_t>{3, 0}));
  EXPECT_EQ(parts[0].latency.buckets, (std::vector<Latency::Bucket>{{100, 1}, {101, 2}}));
  EXPECT_EQ(parts[0].request_bytes, 30U);
  EXPECT_EQ(parts[1].latency.count(), 0U);
  EXPECT_EQ(parts[2].latency.bounds, (std::vector<uint64_t>{1, 6}));
  EXPECT_EQ(parts[2].latency.buckets, (std::vector<Latency::Bucket>{{101, 7}}));
  EXPECT_EQ(parts[2].latency.sum_ns, 7000U);
}

}  // namespace
}  // namespace mme

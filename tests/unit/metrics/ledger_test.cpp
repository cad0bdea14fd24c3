// SPDX-License-Identifier: Apache-2.0
#include "metrics/ledger.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "metrics/resolve.h"

namespace mme {
namespace {

RawSeries upstream(uint16_t port, uint64_t count) {
  RawSeries series;
  series.key.family = MME_FAMILY_UPSTREAM;
  series.key.port = port;
  series.key.code = 200;
  series.key.method = MME_METHOD_GET;
  inet_pton(AF_INET6, "::ffff:10.0.0.5", series.key.name);
  series.latency.bounds = {count, 0};
  series.latency.buckets = {{100, count}};
  series.latency.sum_ns = count * 1000;
  series.request_bytes = count * 10;
  series.response_bytes = count * 100;
  return series;
}

KernelSnapshot raw(std::vector<RawSeries> series) {
  KernelSnapshot snapshot;
  snapshot.series = std::move(series);
  return snapshot;
}

ResolveContext named(ServerNames servers) {
  ResolveContext context;
  context.targets[0] = {"traefik", {}, std::make_shared<const ServerNames>(std::move(servers))};
  return context;
}

std::map<std::string, uint64_t> requests(const std::vector<HttpSeries>& all) {
  std::map<std::string, uint64_t> counts;
  for (const HttpSeries& series : all) counts[series.name] += series.latency.count();
  return counts;
}

using Counts = std::map<std::string, uint64_t>;

TEST(Ledger, WhatWasCountedKeepsItsName) {
  const ResolveContext old_name = named({{"10.0.0.5:8000", {"old@file", "http://10.0.0.5:8000"}}});
  const ResolveContext new_name = named({{"10.0.0.5:8000", {"new@file", "http://10.0.0.5:8000"}}});
  Ledger ledger(10);
  ledger.settle(raw({upstream(8000, 5)}), old_name, new_name);
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 5)}), new_name, ledger).service), (Counts{{"old@file", 5}}));
  const Snapshot later = resolve(raw({upstream(8000, 7)}), new_name, ledger);
  EXPECT_EQ(requests(later.service), (Counts{{"old@file", 5}, {"new@file", 2}}));
  EXPECT_EQ(requests(later.upstream), (Counts{{"old@file", 5}, {"new@file", 2}}));
  const HttpSeries& of_new = later.service.at(0);
  EXPECT_EQ(of_new.latency.bounds, (std::vector<uint64_t>{2, 0}));
  EXPECT_EQ(of_new.latency.buckets, (std::vector<Latency::Bucket>{{100, 2}}));
  EXPECT_EQ(of_new.latency.sum_ns, 2000U);
  EXPECT_EQ(of_new.request_bytes, 20U);
  EXPECT_EQ(of_new.response_bytes, 200U);

  ledger.settle(raw({upstream(8000, 7)}), new_name, old_name);  // and back again
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 10)}), old_name, ledger).service),
            (Counts{{"old@file", 8}, {"new@file", 2}}));
}

TEST(Ledger, ANameThatComesLaterIsForAllOfThePast) {
  const ResolveContext unnamed = named({});
  const ResolveContext later = named({{"10.0.0.5:8000", {"a@docker", "http://10.0.0.5:8000"}}});
  Ledger ledger(10);
  ledger.settle(raw({upstream(8000, 5)}), unnamed, later);
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 6)}), later, ledger).service), (Counts{{"a@docker", 6}}));
}

TEST(Ledger, AServerThatIsTakenAwayHasItsAddressFromThenOn) {
  const ResolveContext before = named({{"10.0.0.5:8000", {"a@docker", "http://10.0.0.5:8000"}}});
  Ledger ledger(10);
  ledger.settle(raw({upstream(8000, 5), upstream(8001, 1)}), before, named({}));
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 6), upstream(8001, 1)}), named({}), ledger).service),
            (Counts{{"a@docker", 5}, {"10.0.0.5:8000", 1}, {"10.0.0.5:8001", 1}}));
}

TEST(Ledger, RoutesOfAnEntrypointAreSettledEach) {
  const auto sent = [](uint16_t route, uint64_t count) {
    RawSeries series = upstream(8080, count);
    series.key.family = MME_FAMILY_ENTRYPOINT;
    series.key.route = route;
    return series;
  };
  ResolveContext before, after;
  before.targets[0] = {"traefik", {{8080, "web"}}};
  after.targets[0] = {"traefik", {{8080, "public"}}};
  Ledger ledger(10);
  ledger.settle(raw({sent(1, 5), sent(2, 3)}), before, after);
  EXPECT_EQ(requests(resolve(raw({sent(1, 7), sent(2, 3), sent(3, 1)}), after, ledger).entrypoint),
            (Counts{{"web", 8}, {"public", 3}}));
}

TEST(Ledger, NamesThatChangeForEverAreOther) {
  Ledger ledger(2);
  ResolveContext before = named({{"10.0.0.5:8000", {"s0@docker", "u"}}});
  for (uint64_t i = 1; i <= 5; ++i) {
    ResolveContext after = named({{"10.0.0.5:8000", {"s" + std::to_string(i) + "@docker", "u"}}});
    ledger.settle(raw({upstream(8000, i)}), before, after);
    before = std::move(after);
  }
  const Snapshot snapshot = resolve(raw({upstream(8000, 5)}), before, ledger);
  EXPECT_EQ(requests(snapshot.service), (Counts{{"s0@docker", 1}, {"s1@docker", 1}, {"_other", 3}}));
  EXPECT_EQ(snapshot.series_overflow.at("upstream"), 3U);
}

TEST(Ledger, WhatWasShownStaysWhenThereIsNoRoom) {
  const ResolveContext before = named({{"10.0.0.5:8000", {"a@docker", "u"}}, {"10.0.0.5:8001", {"b@docker", "u"}}});
  const ResolveContext after = named({{"10.0.0.5:8000", {"a2@docker", "u"}}, {"10.0.0.5:8001", {"b2@docker", "u"}}});
  Ledger ledger(1);
  ledger.settle(raw({upstream(8000, 5), upstream(8001, 7)}), before, after);
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 5), upstream(8001, 7)}), after, ledger).upstream),
            (Counts{{"a@docker", 5}, {"b@docker", 7}}));
  ledger.settle(raw({upstream(8000, 6), upstream(8001, 7)}), after, before);
  EXPECT_EQ(requests(resolve(raw({upstream(8000, 6), upstream(8001, 9)}), before, ledger).upstream),
            (Counts{{"a@docker", 5}, {"b@docker", 7}, {"_other", 3}}));
}

}  // namespace
}  // namespace mme

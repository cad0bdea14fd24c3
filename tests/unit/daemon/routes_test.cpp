// SPDX-License-Identifier: Apache-2.0
#include "daemon/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "mme/route.h"

namespace mme {
namespace {

constexpr uint16_t kTarget = 3;
constexpr uint16_t kPort = 80;

traefik::Configuration configuration(const std::map<std::string, std::string>& rules) {
  traefik::Configuration result;
  traefik::Entrypoint web;
  web.name = "web";
  EXPECT_TRUE(set_address(web, ":80"));
  result.entrypoints["web"] = web;
  traefik::Service service;
  service.name = "s@file";
  service.type = traefik::ServiceType::load_balancer;
  result.services[service.name] = service;
  for (const auto& [name, rule] : rules) {
    traefik::Router router;
    router.name = name + "@file";
    router.rule = rule;
    router.entrypoints = {"web"};
    router.service = service.name;
    result.routers[router.name] = router;
  }
  return result;
}

traefik::RouteClasses classes(const std::map<std::string, std::string>& rules,
                              const std::vector<traefik::OperatorRoute>& routes = {}) {
  return {configuration(rules), {{kPort, "web"}}, routes};
}

// What the kernel would ask of a request for which it found literal `number`.
mme_route_question question(const std::string& path, uint32_t number, bool exact, uint16_t ordinal = 0) {
  mme_route_question asked{};
  asked.type = MME_EVENT_QUESTION;
  asked.ordinal = ordinal;
  asked.target = kTarget;
  asked.cookie = 77;
  asked.port = kPort;
  asked.method = MME_METHOD_GET;
  asked.path_bytes = static_cast<uint16_t>(path.size());
  std::copy_n(path.begin(), std::min<size_t>(path.size(), MME_ROUTE_BYTES), asked.path);
  asked.kind.literal = number;
  asked.kind.exact = exact ? 1 : 0;
  asked.kind.method = asked.method;
  return asked;
}

uint32_t number_of(const std::vector<RoutePort>& ports, const std::string& literal) {
  const auto& literals = ports.at(0).literals;
  const auto at = std::find(literals.begin(), literals.end(), literal);
  EXPECT_NE(at, literals.end()) << literal;
  return ports.at(0).first_number + static_cast<uint32_t>(at - literals.begin());
}

mme_route_exchange exchange(uint16_t ordinal, uint64_t duration_ns = 7'000'000) {
  mme_route_exchange ended{};
  ended.type = MME_EVENT_EXCHANGE;
  ended.ordinal = ordinal;
  ended.cookie = 77;
  ended.key.family = MME_FAMILY_ENTRYPOINT;
  ended.key.target = kTarget;
  ended.key.port = kPort;
  ended.key.code = 200;
  ended.key.method = MME_METHOD_GET;
  ended.key.route = MME_ROUTE_ASKED;
  ended.duration_ns = duration_ns;
  ended.response_bytes = 10;
  return ended;
}

std::string router(const Routes& routes, uint16_t route) {
  if (route >= routes.table()->size()) return "beyond";
  const auto& routers = routes.table()->at(route).routers;
  return routers.empty() ? "none" : routers.front().router;
}

TEST(Routes, AClassIsAnsweredOnce) {
  Routes routes({0.1}, 10);
  const auto ports = routes.set(kTarget, classes({{"api", "PathPrefix(`/api`)"}, {"all", "PathPrefix(`/`)"}}));
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0].flags, 0);
  const auto api = routes.decide(question("/api/x", number_of(ports, "/api"), false), {});
  ASSERT_TRUE(api.has_value());
  EXPECT_EQ(router(routes, *api), "api@file");
  const auto all = routes.decide(question("/other", number_of(ports, "/"), false, 1), {});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(router(routes, *all), "all@file");
}

TEST(Routes, WhatTheRulesWouldPutElsewhereIsNotKept) {
  Routes routes({0.1}, 10);
  const auto ports = routes.set(kTarget, classes({{"api", "PathPrefix(`/api`)"}, {"all", "PathPrefix(`/`)"}}));
  EXPECT_FALSE(routes.decide(question("/api/x", number_of(ports, "/"), false), {}).has_value());  // half written
  EXPECT_FALSE(routes.decide(question("/api", number_of(ports, "/api"), false), {}).has_value());
  auto odd = question("/api/x", number_of(ports, "/api"), false);
  odd.flags = MME_ROUTE_ODD;
  EXPECT_FALSE(routes.decide(odd, "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n").has_value());
}

TEST(Routes, NewRulesHaveNewNumbers) {
  Routes routes({0.1}, 10);
  const auto before = routes.set(kTarget, classes({{"api", "PathPrefix(`/api`)"}}));
  const auto after = routes.set(kTarget, classes({{"new", "PathPrefix(`/api`)"}}));
  EXPECT_GE(after[0].first_number, before[0].first_number + before[0].literals.size());
  EXPECT_FALSE(routes.decide(question("/api", number_of(before, "/api"), true), {}).has_value());
  const auto answer = routes.decide(question("/api", number_of(after, "/api"), true), {});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(router(routes, *answer), "new@file");
}

TEST(Routes, WhatNeedsTheHeadIsAskedEachTime) {
  Routes routes({0.1, 0.3}, 10);
  const auto ports =
      routes.set(kTarget, classes({{"canary", "Header(`X-Canary`, `yes`)"}, {"all", "PathPrefix(`/`)"}}));
  EXPECT_EQ(ports[0].flags, MME_ROUTE_BY_HEAD);
  const uint32_t root = number_of(ports, "/");
  const auto answer =
      routes.decide(question("/a", root, false, 1), "GET /a HTTP/1.1\r\nHost: a\r\nX-Canary: yes\r\n\r\n");
  EXPECT_FALSE(answer.has_value());
  (void)routes.decide(question("/a", root, false, 2), "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  (void)routes.decide(question("/a", root, false, 3), {});  // its head was not there
  for (const uint16_t ordinal : {1, 2, 2, 3, 4}) routes.ended(exchange(ordinal));

  KernelSnapshot snapshot;
  snapshot.series.resize(1);
  snapshot.series[0].key = exchange(0).key;
  snapshot.series[0].key.route = MME_ROUTE_UNKNOWN;
  snapshot.series[0].latency.bounds = {1, 0, 0};
  routes.add_to(snapshot);
  std::map<std::string, uint64_t> counts;
  for (const RawSeries& series : snapshot.series) counts[router(routes, series.key.route)] += series.latency.count();
  // the second end of request 2, and the one that was never asked for, are in the kernel's own series
  EXPECT_EQ(counts,
            (std::map<std::string, uint64_t>{{"canary@file", 1}, {"all@file", 1}, {"unknown", 1}, {"beyond", 3}}));
  EXPECT_EQ(snapshot.series[0].latency.bounds, (std::vector<uint64_t>{3, 0, 0}));
  EXPECT_EQ(snapshot.series[0].response_bytes, 20U);
}

TEST(Routes, AHeadThatGoRefusesHasNoRouter) {
  Routes routes({0.1}, 10);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  auto odd = question("/a", number_of(ports, "/"), false);
  odd.flags = MME_ROUTE_ODD;
  EXPECT_FALSE(routes.decide(odd, "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").has_value());
  routes.ended(exchange(0));
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 1U);
  EXPECT_EQ(router(routes, snapshot.series[0].key.route), "none");
}

// "/memories/<60 bytes>/comments": the path's end is not known, so neither is whether {id} is all of it.
TEST(Routes, APathThatIsCutHasNoRouteOfTheOperator) {
  Routes routes({0.1}, 100);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}, {{"memory", "", "/memories/{id}"}}));
  const std::string path = "/memories/" + std::string(60, 'a') + "/comments";
  EXPECT_EQ(routes.decide(question(path, number_of(ports, "/memories/"), false), {}), std::nullopt);
  routes.ended(exchange(0));
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 1u);
  const RouteLabels& labels = routes.table()->at(snapshot.series[0].key.route);
  EXPECT_EQ(labels.route, "");
  EXPECT_EQ(labels.routers, (std::vector<RouterLabels>{{"unknown", "unknown"}}));
}

TEST(Routes, AHeadWhoseFirstPartWasLostHasAnUnknownRouter) {
  Routes routes({0.1}, 100);
  (void)routes.set(kTarget, classes({{"rest", "Path(`/rest`)"}}));
  auto partial = question("/rest", 1, false);  // of "/a/rest", say
  partial.flags = MME_ROUTE_ODD | MME_ROUTE_LOST;
  EXPECT_EQ(routes.decide(partial, {}), std::nullopt);
  routes.ended(exchange(0));
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 1u);
  const RouteLabels& labels = routes.table()->at(snapshot.series[0].key.route);
  EXPECT_EQ(labels.routers, (std::vector<RouterLabels>{{"unknown", "unknown"}}));
  EXPECT_EQ(labels.service, "");
}

TEST(Routes, TheClientSAddressIsThatOfTheQuestion) {
  Routes routes({0.1}, 10);
  const auto ports =
      routes.set(kTarget, classes({{"near", "ClientIP(`192.0.2.0/24`)"}, {"far", "ClientIP(`2001:db8::/32`)"}}));
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  auto v4 = question("/", number_of(ports, ""), false, 1);
  v4.client[1] = 0x070200c0ffff0000ULL;  // ::ffff:192.0.2.7 in network order
  (void)routes.decide(v4, head);
  auto v6 = question("/", number_of(ports, ""), false, 2);
  v6.client[0] = 0xb80d0120ULL;  // 2001:db8::
  (void)routes.decide(v6, head);
  routes.ended(exchange(1));
  routes.ended(exchange(2));
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  std::vector<std::string> routers;
  for (const RawSeries& series : snapshot.series) routers.push_back(router(routes, series.key.route));
  std::sort(routers.begin(), routers.end());
  EXPECT_EQ(routers, (std::vector<std::string>{"far@file", "near@file"}));
}

TEST(Routes, DurationsGoWhereTheKernelWouldPutThem) {
  Routes routes({0.1, 0.3}, 10);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  uint16_t ordinal = 0;
  for (const uint64_t duration_ns : {100'000'000, 100'000'001, 300'000'000, 300'000'001}) {
    (void)routes.decide(question("/", number_of(ports, "/"), true, ordinal), {});
    routes.ended(exchange(ordinal++, duration_ns));
  }
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 1U);
  EXPECT_EQ(snapshot.series[0].latency.bounds, (std::vector<uint64_t>{1, 2, 1}));
  EXPECT_EQ(snapshot.series[0].latency.sum_ns, 800'000'002U);
}

TEST(Routes, ManyRequestsOfOneConnectionAreAskedInTurn) {
  Routes routes({0.1}, 10);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  for (size_t i = 0; i < Routes::kAskedMax + 10; ++i) {
    (void)routes.decide(question("/", number_of(ports, "/"), true, static_cast<uint16_t>(i)), {});
    routes.ended(exchange(static_cast<uint16_t>(i)));
  }
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 1U);
  EXPECT_EQ(router(routes, snapshot.series[0].key.route), "all@file");
}

RawSeries of_kernel(uint16_t code, uint64_t count, uint16_t route = MME_ROUTE_NONE) {
  RawSeries series;
  series.key = exchange(0).key;
  series.key.route = route;
  series.key.code = code;
  series.latency.bounds = {count, 0};
  return series;
}

KernelSnapshot of_kernel(const std::vector<RawSeries>& series) {
  KernelSnapshot snapshot;
  snapshot.series = series;
  snapshot.series_in_use[MME_FAMILY_ENTRYPOINT] = series.size();
  snapshot.series_overflow[MME_FAMILY_ENTRYPOINT] = 5;
  return snapshot;
}

// "code route" or "_other": requests
std::map<std::string, uint64_t> shown(Routes& routes, KernelSnapshot snapshot) {
  routes.add_to(snapshot);
  std::map<std::string, uint64_t> counts;
  for (const RawSeries& series : snapshot.series) {
    const mme_series_key& key = series.key;
    const std::string route = key.route == MME_ROUTE_OTHER ? "other" : router(routes, key.route);
    const auto [at, is_new] =
        counts.try_emplace(key.other != 0 ? "_other" : std::to_string(key.code) + ' ' + route, series.latency.count());
    EXPECT_TRUE(is_new) << at->first;
  }
  counts["in use"] = snapshot.series_in_use[MME_FAMILY_ENTRYPOINT];
  counts["overflow"] = snapshot.series_overflow[MME_FAMILY_ENTRYPOINT];
  return counts;
}
using Shown = std::map<std::string, uint64_t>;

// A request with this code that the agent decides.
void ask(Routes& routes, const std::vector<RoutePort>& ports, uint16_t code) {
  (void)routes.decide(question("/", number_of(ports, "/"), true), {});
  auto ended = exchange(0);
  ended.key.code = code;
  routes.ended(ended);
}

TEST(Routes, AFullFamilyTakesNoMoreSeries) {
  Routes routes({0.1}, 2);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  ask(routes, ports, 200);
  EXPECT_EQ(shown(routes, of_kernel({of_kernel(201, 1), of_kernel(202, 1)})),
            (Shown{{"201 none", 1}, {"202 none", 1}, {"_other", 1}, {"in use", 2}, {"overflow", 6}}));
}

TEST(Routes, WhereRoutesHaveNoRoomTheOtherLabelsStay) {
  Routes routes({0.1}, 2);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  ask(routes, ports, 200);
  // the kernel has begun one for what finds no room
  EXPECT_EQ(shown(routes, of_kernel({of_kernel(201, 1), of_kernel(200, 2, MME_ROUTE_OTHER)})),
            (Shown{{"201 none", 1}, {"200 other", 3}, {"in use", 2}, {"overflow", 6}}));
}

TEST(Routes, TheLastEighthIsForSeriesWithoutARoute) {
  Routes routes({0.1}, 8);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  for (const uint16_t code : {201, 202, 203, 204, 205, 206, 207, 208}) ask(routes, ports, code);
  const auto counts = shown(routes, {});
  EXPECT_EQ(counts.at("207 all@file"), 1U);
  EXPECT_EQ(counts.at("208 other"), 1U);
  EXPECT_EQ(counts.at("in use"), 8U);
  EXPECT_EQ(counts.at("overflow"), 1U);
}

TEST(Routes, WhatWasShownOnceKeepsItsLabels) {
  Routes routes({0.1}, 4);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  ask(routes, ports, 300);
  const std::vector<RawSeries> three = {of_kernel(201, 1), of_kernel(202, 1), of_kernel(203, 1)};
  Shown expected = {{"201 none", 1}, {"202 none", 1}, {"203 none", 1},
                    {"in use", 4},   {"overflow", 5}, {"300 all@file", 1}};
  EXPECT_EQ(shown(routes, of_kernel(three)), expected);

  // one of the agent's own that sorts before it, and one more of the kernel's
  ask(routes, ports, 200);
  std::vector<RawSeries> four = three;
  four.insert(four.begin(), of_kernel(200, 7));
  expected["_other"] = 8;
  expected["overflow"] = 13;
  EXPECT_EQ(shown(routes, of_kernel(four)), expected);

  ask(routes, ports, 300);
  expected["300 all@file"] = 2;
  EXPECT_EQ(shown(routes, of_kernel(four)), expected);
}

TEST(Routes, TheKernelsSeriesOfBeforeKeepTheirs) {
  Routes routes({0.1}, 2);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  const auto kernel = of_kernel({of_kernel(201, 1), of_kernel(202, 1)});
  Shown expected = {{"201 none", 1}, {"202 none", 1}, {"in use", 2}, {"overflow", 5}};
  EXPECT_EQ(shown(routes, kernel), expected);
  ask(routes, ports, 100);
  expected["_other"] = 1;
  expected["overflow"] = 6;
  EXPECT_EQ(shown(routes, kernel), expected);
}

TEST(Routes, MoreSeriesThanTheCapAreTheOther) {
  Routes routes({0.1}, 2);
  const auto ports = routes.set(kTarget, classes({{"all", "PathPrefix(`/`)"}}));
  for (uint16_t i = 0; i < 5; ++i) {
    (void)routes.decide(question("/", number_of(ports, "/"), true, i), {});
    auto ended = exchange(i);
    ended.key.code = static_cast<uint16_t>(200 + i);
    routes.ended(ended);
  }
  KernelSnapshot snapshot;
  routes.add_to(snapshot);
  ASSERT_EQ(snapshot.series.size(), 3U);
  const auto other = std::find_if(snapshot.series.begin(), snapshot.series.end(),
                                  [](const RawSeries& series) { return series.key.other != 0; });
  ASSERT_NE(other, snapshot.series.end());
  EXPECT_EQ(other->latency.count(), 3U);
}

}  // namespace
}  // namespace mme

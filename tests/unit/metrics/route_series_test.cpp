// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "raw_series.h"

namespace mme {
namespace {

TEST(RouteSeries, EntrypointsDoNotShowTheRoute) {
  const Snapshot snapshot = resolve(kernel_snapshot({routed(1, 200, 3), routed(2, 200, 4), routed(0, 200, 5)}),
                                    routing_context({{.routers = {{"a@file", "s@file"}}}, {}}));
  ASSERT_EQ(snapshot.entrypoint.size(), 1U);
  EXPECT_EQ(snapshot.entrypoint[0].latency.count(), 12U);
  EXPECT_EQ(snapshot.entrypoint[0].request_bytes, 120U);
  EXPECT_EQ(snapshot.entrypoint[0].service, "");
}

TEST(RouteSeries, EachRouterThatCountsTheRequest) {
  const ResolveContext context =
      routing_context({{.routers = {{"parent@file", "parent@file"}, {"child@file", "s@file"}}},
                       {.routers = {{"child@file", "s@file"}}}});
  const Snapshot snapshot =
      resolve(kernel_snapshot({routed(0, 404, 9), routed(1, 200, 3), routed(2, 200, 4), routed(2, 500, 1)}), context);
  EXPECT_EQ(requests(snapshot.router),
            (Requests{{"parent@file parent@file 200", 3}, {"child@file s@file 200", 7}, {"child@file s@file 500", 1}}));
  const HttpSeries& child = snapshot.router.at(0);
  EXPECT_EQ(child.name, "child@file");
  EXPECT_EQ(child.leg, "child@file");
  EXPECT_EQ(child.target, "traefik");
  EXPECT_EQ(child.method, "GET");
  EXPECT_EQ(child.protocol, "http");
  EXPECT_EQ(child.latency.bounds, (std::vector<uint64_t>{7, 0}));
  EXPECT_EQ(child.latency.sum_ns, 7000U);
  EXPECT_EQ(child.request_bytes, 70U);
  EXPECT_EQ(child.response_bytes, 700U);
}

TEST(RouteSeries, WithoutRulesThereIsNoRouter) {
  const Snapshot snapshot = resolve(kernel_snapshot({routed(0, 200, 3)}), {});
  EXPECT_TRUE(snapshot.router.empty());
  EXPECT_TRUE(snapshot.route.empty());
}

TEST(RouteSeries, WhatNobodyKnowsIsUnknown) {
  const Snapshot snapshot =
      resolve(kernel_snapshot({routed(MME_ROUTE_UNKNOWN, 200, 3), routed(1, 200, 4), routed(2, 200, 5)}),
              routing_context({{.routers = {{"a@file", "s@file"}}}}));
  EXPECT_EQ(requests(snapshot.router), (Requests{{"a@file s@file 200", 4}, {"unknown unknown 200", 8}}));
  EXPECT_TRUE(snapshot.route.empty());
}

TEST(RouteSeries, ASeriesOverTheCapHasNoRouter) {
  RawSeries other = routed(0, 0, 3);
  other.key.other = 1;
  EXPECT_TRUE(resolve(kernel_snapshot({other}), routing_context({{.routers = {{"a", "s"}}}})).router.empty());
}

TEST(RouteSeries, ServersHaveNoRoute) {
  RawSeries server = answered(8000, 200, 3);
  server.key.route = 1;  // not so in the kernel
  EXPECT_TRUE(
      resolve(kernel_snapshot({server}), routing_context({{.routers = {{"a", "s"}}, .route = "r"}})).router.empty());
}

TEST(RouteSeries, RoutesOfTheOperator) {
  RawSeries stream = routed(1, 200, 2);
  stream.key.variant = MME_HTTP_SSE;
  const Snapshot snapshot = resolve(
      kernel_snapshot({routed(1, 200, 3), stream, routed(2, 200, 4), routed(3, 200, 9)}),
      routing_context({{.service = "s@file", .route = "promote"}, {.route = "promote"}, {.service = "s@file"}}));
  EXPECT_EQ(requests(snapshot.route), (Requests{{"promote s@file 200", 5}, {"promote unknown 200", 4}}));
  ASSERT_EQ(snapshot.route.size(), 2U);  // protocols are no label
  EXPECT_EQ(snapshot.route[0].protocol, "");
  EXPECT_EQ(snapshot.route[0].leg, "promote");
  EXPECT_TRUE(snapshot.router.empty());
}

TEST(RouteSeries, NamesAreLabelText) {
  const Snapshot snapshot =
      resolve(kernel_snapshot({routed(1, 200, 1)}),
              routing_context({{.routers = {{"a\xff", std::string(200, 's')}}, .service = "\xff", .route = "r\xff"}}));
  EXPECT_EQ(snapshot.router.at(0).name, "a\xef\xbf\xbd");
  EXPECT_EQ(snapshot.router.at(0).service, std::string(128, 's'));
  EXPECT_EQ(snapshot.route.at(0).name, "r\xef\xbf\xbd");
  EXPECT_EQ(snapshot.route.at(0).service, "\xef\xbf\xbd");
}

TEST(RouteSeries, AscendingByLabelsTheTargetLast) {
  ResolveContext context = routing_context({{.routers = {{"a", "t"}}}, {.routers = {{"a", "s"}}}});
  context.targets[1].name = "edge";
  RawSeries elsewhere = routed(2, 200, 1);
  elsewhere.key.target = 1;
  const auto routers = resolve(kernel_snapshot({routed(1, 200, 1), routed(2, 200, 1), elsewhere}), context).router;
  ASSERT_EQ(routers.size(), 3U);
  EXPECT_EQ(routers[0].service + routers[0].target, "sedge");
  EXPECT_EQ(routers[1].service + routers[1].target, "straefik");
  EXPECT_EQ(routers[2].service + routers[2].target, "ttraefik");
}

// The ledger has taken the counts of the entrypoint's old name out of the kernel's; routers and services have them yet.
TEST(RouteSeries, KeepsWhatTheLedgerHasSettled) {
  const RouteTable routes = {{.routers = {{"a@file", "s@file"}}, .service = "s@file", .route = "promote"},
                             {.routers = {{"b@file", "s@file"}}}};
  const ResolveContext before = routing_context(routes);
  ResolveContext after = before;
  after.targets[0].entrypoints[8080] = "public";
  Ledger ledger(10);
  ledger.settle(kernel_snapshot({routed(1, 502, 5), routed(2, 502, 2)}), before, after);
  const Snapshot snapshot = resolve(kernel_snapshot({routed(1, 502, 6), routed(2, 502, 4)}), after, ledger);
  EXPECT_EQ(requests(snapshot.entrypoint), (Requests{{"web 502", 7}, {"public 502", 3}}));
  EXPECT_EQ(requests(snapshot.router), (Requests{{"a@file s@file 502", 6}, {"b@file s@file 502", 4}}));
  EXPECT_EQ(requests(snapshot.route), (Requests{{"promote s@file 502", 6}}));
  EXPECT_EQ(requests(snapshot.service), (Requests{{"s@file 502", 6}}));
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/service_series.h"

#include <gtest/gtest.h>

#include "raw_series.h"

namespace mme {
namespace {

const ServerName kOfS = {"s@file", "http://10.0.0.5:8000"};

ServerName shared(std::vector<std::string> services) {
  return {"ambiguous", "http://10.0.0.5", std::move(services)};
}

RouteLabels reaches(std::string service, bool direct = true) {
  return {.service = std::move(service), .direct = direct};
}

TEST(ServiceSeries, WhatNoServerAnswered) {
  const ResolveContext context = routing_context({reaches("s@file", false)}, {{"10.0.0.5:8000", kOfS}});
  const Snapshot snapshot = resolve(
      kernel_snapshot({answered(8000, 200, 9), answered(8000, 502, 2), answered(8000, 404, 1), routed(1, 200, 50),
                       routed(1, 404, 50), routed(1, 500, 50), routed(1, 499, 1), routed(1, 502, 5), routed(1, 503, 2),
                       routed(1, 504, 3), routed(0, 502, 7), routed(MME_ROUTE_UNKNOWN, 502, 7)}),
      context);
  EXPECT_EQ(requests(snapshot.service), (Requests{{"s@file 200", 9},
                                                  {"s@file 404", 1},
                                                  {"s@file 499", 1},
                                                  {"s@file 502", 5},
                                                  {"s@file 503", 2},
                                                  {"s@file 504", 3}}));
  EXPECT_EQ(requests(snapshot.upstream), (Requests{{"s@file 200", 9}, {"s@file 502", 2}, {"s@file 404", 1}}));
}

TEST(ServiceSeries, TheLargerViewIsShownWhole) {
  const ResolveContext context = routing_context({reaches("s@file")}, {{"10.0.0.5:8000", kOfS}});
  const auto service = [&](uint64_t at_entrypoint) {
    RawSeries failed = routed(1, 502, at_entrypoint);
    failed.latency.sum_ns = 7;
    return resolve(kernel_snapshot({answered(8000, 502, 3), failed}), context).service.at(0);
  };
  EXPECT_EQ(service(2).latency.count(), 3U);  // attempts of a retry
  EXPECT_EQ(service(3).latency.sum_ns, 3000U);
  EXPECT_EQ(service(4).latency.count(), 4U);
  EXPECT_EQ(service(4).latency.sum_ns, 7U);
  EXPECT_EQ(service(4).request_bytes, 40U);
}

TEST(ServiceSeries, ComparesSeriesWithTheSameLabels) {
  const ResolveContext context = routing_context({reaches("s@file")}, {{"10.0.0.5:8000", kOfS}});
  RawSeries socket = routed(1, 502, 2);
  socket.key.variant = MME_HTTP_WEBSOCKET;
  RawSeries post = routed(1, 502, 1);
  post.key.method = MME_METHOD_POST;
  const Snapshot snapshot = resolve(kernel_snapshot({answered(8000, 502, 9), socket, post}), context);
  ASSERT_EQ(snapshot.service.size(), 3U);
  EXPECT_EQ(snapshot.service[0].latency.count(), 9U);
  EXPECT_EQ(snapshot.service[1].protocol, "websocket");
  EXPECT_EQ(snapshot.service[1].latency.count(), 2U);
  EXPECT_EQ(snapshot.service[2].method, "POST");
}

TEST(ServiceSeries, ComparesWithinATraefikAndAddsThemUp) {
  ResolveContext context = routing_context({reaches("s@file")}, {{"10.0.0.5:8000", kOfS}});
  context.targets[1] = context.targets[0];
  context.targets[1].name = "edge";
  RawSeries elsewhere = answered(8000, 502, 5);
  elsewhere.key.target = 1;
  const Snapshot snapshot = resolve(kernel_snapshot({elsewhere, routed(1, 502, 4)}), context);
  EXPECT_EQ(requests(snapshot.service), (Requests{{"s@file 502", 9}}));
  ASSERT_EQ(snapshot.service.size(), 1U);
  EXPECT_EQ(snapshot.service[0].target, "");
}

TEST(ServiceSeries, EntrypointsTellServicesApart) {
  const ResolveContext context = routing_context({reaches("a@file"), reaches("b@file"), reaches("a@file")},
                                                 {{"10.0.0.5:8000", shared({"a@file", "b@file"})}});
  const Snapshot snapshot = resolve(
      kernel_snapshot({answered(8000, 200, 9), routed(1, 200, 4), routed(2, 200, 3), routed(3, 200, 2)}), context);
  EXPECT_EQ(requests(snapshot.service), (Requests{{"a@file 200", 6}, {"b@file 200", 3}}));
  EXPECT_EQ(requests(snapshot.upstream), (Requests{{"ambiguous 200", 9}}));
}

TEST(ServiceSeries, StaysAmbiguous) {
  const ServerNames servers = {{"10.0.0.5:8000", shared({"a@file", "b@file"})}};
  const auto services = [&](RouteTable routes) {
    return requests(resolve(kernel_snapshot({answered(8000, 200, 9), routed(1, 200, 4), routed(2, 200, 3)}),
                            routing_context(std::move(routes), servers))
                        .service);
  };
  const Requests ambiguous = {{"ambiguous 200", 9}};
  EXPECT_EQ(services({}), ambiguous);
  EXPECT_EQ(services({reaches("a@file")}), ambiguous);  // nothing is known of b@file
  EXPECT_EQ(services({reaches("a@file"), reaches("b@file", false)}), ambiguous);
  EXPECT_EQ(services({reaches("a@file"), reaches("b@file"), reaches("a@file", false)}), ambiguous);
}

TEST(ServiceSeries, AServiceThatIsPartlyAmbiguousIsCountedOnce) {
  const ResolveContext context = routing_context(
      {reaches("a@file"), reaches("b@file"), reaches("c@file", false)},
      {{"10.0.0.5:8000", shared({"a@file", "b@file"})}, {"10.0.0.5:8001", shared({"b@file", "c@file"})}});
  EXPECT_EQ(requests(resolve(kernel_snapshot({answered(8000, 200, 9), answered(8001, 200, 8), routed(1, 200, 5),
                                              routed(2, 200, 7), routed(3, 200, 5)}),
                             context)
                         .service),
            (Requests{{"ambiguous 200", 17}}));
}

TEST(ServiceSeries, OtherServersOfTheServicesAreCountedOnce) {
  const ResolveContext context =
      routing_context({reaches("a@file"), reaches("b@file")}, {{"10.0.0.5:8000", shared({"a@file", "b@file"})},
                                                               {"10.0.0.5:8001", {"a@file", "http://10.0.0.5:8001"}},
                                                               {"10.0.0.5:8002", shared({"c@file", "d@file"})}});
  EXPECT_EQ(requests(resolve(kernel_snapshot({answered(8000, 200, 9), answered(8001, 200, 3), answered(8002, 200, 1),
                                              routed(1, 200, 7), routed(2, 200, 5)}),
                             context)
                         .service),
            (Requests{{"a@file 200", 7}, {"b@file 200", 5}, {"ambiguous 200", 1}}));
}

// What the ledger keeps of such a server under "ambiguous" is in the entrypoints' view already.
TEST(ServiceSeries, NothingSettledComesBack) {
  const RouteTable routes = {reaches("a@file"), reaches("b@file")};
  const ResolveContext before = routing_context(routes, {{"10.0.0.5:8000", shared({"a@file", "b@file"})}});
  const ResolveContext after =
      routing_context(routes, {{"10.0.0.5:8000", {"ambiguous", "http://other", {"a@file", "b@file"}}}});
  Ledger ledger(10);
  ledger.settle(kernel_snapshot({answered(8000, 200, 9)}), before, after);
  EXPECT_EQ(
      requests(resolve(kernel_snapshot({answered(8000, 200, 10), routed(1, 200, 6), routed(2, 200, 4)}), after, ledger)
                   .service),
      (Requests{{"a@file 200", 6}, {"b@file 200", 4}}));
}

}  // namespace
}  // namespace mme

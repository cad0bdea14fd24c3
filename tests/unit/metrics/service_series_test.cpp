// SPDX-License-Identifier: Apache-2.0
#include "metrics/service_series.h"

#include <gtest/gtest.h>

#include "raw_series.h"

namespace mme {
namespace {

const ServerName kOfS = {"s@file", "http://10.0.0.5:8000"};

// By services of which these are direct.
ServerName shared(std::vector<std::string> services, std::vector<std::string> direct) {
  return {"ambiguous", "http://10.0.0.5", std::move(services), std::move(direct)};
}
ServerName shared(const std::vector<std::string>& services) {
  return shared(services, services);
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

// Of a 500, only where no middleware can have answered it, and where the servers' view has it under the same label.
TEST(ServiceSeries, WhatTraefikAnswersWith500) {
  const RouteTable routes = {reaches("s@file"), reaches("s@file", false), reaches("gone@docker"), reaches("a@file")};
  const ServerNames servers = {{"10.0.0.5:8000", kOfS}, {"10.0.0.5:8001", shared({"a@file", "b@file"}, {})}};
  EXPECT_EQ(requests(resolve(kernel_snapshot({answered(8000, 500, 2), answered(8001, 500, 4), routed(1, 500, 5),
                                              routed(2, 500, 7), routed(3, 500, 9), routed(4, 500, 4)}),
                             routing_context(routes, servers))
                         .service),
            (Requests{{"ambiguous 500", 4}, {"gone@docker 500", 9}, {"s@file 500", 5}}));
}

TEST(ServiceSeries, TheLargerOfEachCounterIsShown) {
  const ResolveContext context = routing_context({reaches("s@file")}, {{"10.0.0.5:8000", kOfS}});
  const auto service = [&](uint64_t at_entrypoint) {
    RawSeries failed = routed(1, 502, at_entrypoint);
    failed.latency.sum_ns = 7;
    return resolve(kernel_snapshot({answered(8000, 502, 3), failed}), context).service.at(0);
  };
  EXPECT_EQ(service(2).latency.count(), 3U);  // attempts of a retry
  EXPECT_EQ(service(3).latency.sum_ns, 3000U);
  EXPECT_EQ(service(4).latency.count(), 4U);
  EXPECT_EQ(service(4).latency.sum_ns, 3000U);
  EXPECT_EQ(service(4).request_bytes, 40U);
}

// Ten that a server answered in time, compressed and a little too late at the entrypoint; then one of Traefik's own.
TEST(ServiceSeries, NoCounterGoesDownWhenTheOtherViewOvertakes) {
  const ResolveContext context = routing_context({reaches("s@file")}, {{"10.0.0.5:8000", kOfS}});
  const auto service = [&](uint64_t failed_soon) {
    RawSeries server = answered(8000, 503, 10);
    server.response_bytes = 100'000;
    RawSeries entrypoint = routed(1, 503, 10 + failed_soon);
    entrypoint.latency.bounds = {failed_soon, 10};
    entrypoint.latency.buckets = {{90, failed_soon}, {101, 10}};
    entrypoint.response_bytes = 10'000 + failed_soon;
    return resolve(kernel_snapshot({server, entrypoint}), context).service.at(0);
  };
  EXPECT_EQ(service(0).latency.bounds, (std::vector<uint64_t>{10, 0}));
  EXPECT_EQ(service(1).latency.bounds, (std::vector<uint64_t>{10, 1}));
  EXPECT_EQ(service(1).latency.buckets, (std::vector<Latency::Bucket>{{90, 1}, {100, 9}, {101, 1}}));
  EXPECT_EQ(service(1).response_bytes, 100'000U);
  EXPECT_EQ(service(12).latency.bounds, (std::vector<uint64_t>{12, 10}));
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
  const auto services = [](std::vector<std::string> direct) {
    return requests(resolve(kernel_snapshot({answered(8000, 200, 9), routed(1, 200, 4), routed(2, 200, 3)}),
                            routing_context({reaches("a@file"), reaches("b@file")},
                                            {{"10.0.0.5:8000", shared({"a@file", "b@file"}, std::move(direct))}}))
                        .service);
  };
  const Requests ambiguous = {{"ambiguous 200", 9}};
  EXPECT_EQ(services({}), ambiguous);
  EXPECT_EQ(services({"a@file"}), ambiguous);
}

TEST(ServiceSeries, AServiceThatIsPartlyAmbiguousIsCountedOnce) {
  const ResolveContext context = routing_context(
      {reaches("a@file"), reaches("b@file"), reaches("c@file")},
      {{"10.0.0.5:8000", shared({"a@file", "b@file"})}, {"10.0.0.5:8001", shared({"b@file", "c@file"}, {"b@file"})}});
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
                                                               {"10.0.0.5:8002", shared({"c@file", "d@file"}, {})}});
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
  const ResolveContext after = routing_context(
      routes, {{"10.0.0.5:8000", {"ambiguous", "http://other", {"a@file", "b@file"}, {"a@file", "b@file"}}}});
  Ledger ledger(10);
  ledger.settle(kernel_snapshot({answered(8000, 200, 9)}), before, after);
  EXPECT_EQ(
      requests(resolve(kernel_snapshot({answered(8000, 200, 10), routed(1, 200, 6), routed(2, 200, 4)}), after, ledger)
                   .service),
      (Requests{{"a@file 200", 6}, {"b@file 200", 4}}));
}

// A middleware comes and goes: requests are counted by the rules in force, and nothing that was shown goes down.
class RulesThatChange : public testing::Test {
 protected:
  // `at_a`, `at_b`: requests of the routes so far. Their server has answered them all.
  [[nodiscard]] KernelSnapshot counted(uint64_t at_a, uint64_t at_b) const {
    RawSeries server = answered(8000, 200, at_a + at_b);
    return kernel_snapshot({server, routed(1, 200, at_a), routed(2, 200, at_b)});
  }
  [[nodiscard]] Requests shown(uint64_t at_a, uint64_t at_b, const ResolveContext& context) const {
    return requests(resolve(counted(at_a, at_b), context, ledger_).service);
  }

  const RouteTable routes_ = {reaches("a@file"), reaches("b@file")};
  const ResolveContext direct_ = routing_context(routes_, {{"10.0.0.5:8000", shared({"a@file", "b@file"})}});
  const ResolveContext behind_ =
      routing_context(routes_, {{"10.0.0.5:8000", shared({"a@file", "b@file"}, {"b@file"})}});
  Ledger ledger_{10};
};

TEST_F(RulesThatChange, AMiddlewareComes) {
  ledger_.settle(counted(6, 4), direct_, behind_);
  EXPECT_EQ(shown(6, 4, behind_), (Requests{{"a@file 200", 6}, {"b@file 200", 4}}));
  EXPECT_EQ(shown(8, 5, behind_), (Requests{{"a@file 200", 6}, {"b@file 200", 4}, {"ambiguous 200", 3}}));
}

TEST_F(RulesThatChange, AMiddlewareGoes) {
  ledger_.settle(counted(6, 4), behind_, direct_);
  EXPECT_EQ(shown(6, 4, direct_), (Requests{{"ambiguous 200", 10}}));
  EXPECT_EQ(shown(7, 6, direct_), (Requests{{"ambiguous 200", 10}, {"a@file 200", 1}, {"b@file 200", 2}}));
}

TEST_F(RulesThatChange, BackAndForth) {
  ledger_.settle(counted(6, 4), behind_, direct_);
  ledger_.settle(counted(7, 6), direct_, behind_);
  EXPECT_EQ(shown(9, 6, behind_), (Requests{{"ambiguous 200", 12}, {"a@file 200", 1}, {"b@file 200", 2}}));
  ledger_.settle(counted(9, 6), behind_, direct_);
  EXPECT_EQ(shown(9, 9, direct_), (Requests{{"ambiguous 200", 12}, {"a@file 200", 1}, {"b@file 200", 5}}));
}

TEST_F(RulesThatChange, OtherServicesGoOn) {
  const ServerNames more = {{"10.0.0.5:8000", shared({"a@file", "b@file"})}, {"10.0.0.5:8001", kOfS}};
  const ServerNames fewer = {{"10.0.0.5:8000", shared({"a@file", "b@file"}, {})}, {"10.0.0.5:8001", kOfS}};
  const RouteTable routes = {reaches("a@file"), reaches("b@file"), reaches("s@file")};
  const ResolveContext before = routing_context(routes, more), after = routing_context(routes, fewer);
  const auto counts = [](uint64_t by_server, uint64_t by_entrypoint) {
    return kernel_snapshot({answered(8001, 502, by_server), routed(3, 502, by_entrypoint)});
  };
  ledger_.settle(counts(1, 0), before, after);  // the reply is on its way
  EXPECT_EQ(requests(resolve(counts(1, 1), after, ledger_).service), (Requests{{"s@file 502", 1}}));
}

// What Traefik answers itself with 500 counts for a service as long as its servers are its own.
TEST_F(RulesThatChange, AnErrorOfTraefikItselfStays) {
  const ResolveContext alone = routing_context(routes_, {{"10.0.0.5:8000", {"a@file", "http://10.0.0.5"}}});
  ledger_.settle(kernel_snapshot({routed(1, 500, 3)}), alone, behind_);
  EXPECT_EQ(requests(resolve(kernel_snapshot({routed(1, 500, 3)}), behind_, ledger_).service),
            (Requests{{"a@file 500", 3}}));
}

// A service gets a server that another has too: what it counts by its own server until then is not waited for.
TEST_F(RulesThatChange, AServerIsSharedFromNowOn) {
  const ResolveContext alone = routing_context(routes_, {{"10.0.0.5:8000", {"a@file", "http://10.0.0.5"}}});
  const auto counts = [](uint64_t by_server, uint64_t at_a, uint64_t at_b) {
    return kernel_snapshot({answered(8000, 200, by_server), routed(1, 200, at_a), routed(2, 200, at_b)});
  };
  ledger_.settle(counts(100, 0, 0), alone, direct_);
  EXPECT_EQ(requests(resolve(counts(103, 2, 1), direct_, ledger_).service),
            (Requests{{"a@file 200", 102}, {"b@file 200", 1}}));
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/proxy_overhead.h"

#include <gtest/gtest.h>

#include <memory>

namespace mme {
namespace {

constexpr uint16_t kTarget = 1;
constexpr uint16_t kRoute = 2;
constexpr uint64_t kMs = 1'000'000;

ResolveContext context() {
  ResolveContext context;
  auto routes = std::make_shared<RouteTable>(kRoute + 1);
  (*routes)[kRoute] = {
      .routers = {{"mme@file", "tagging@file"}}, .service = "tagging@file", .services = {"tagging@file"}};
  context.routes = routes;
  ServerNames servers;
  servers["10.0.0.1:80"] = {"tagging@file", "http://10.0.0.1", {}};
  servers["10.0.0.2:80"] = {"other@file", "http://10.0.0.2", {}};
  servers["10.0.0.3:80"] = {"ambiguous", "http://10.0.0.3", {"other@file", "tagging@file"}};
  context.targets[kTarget].servers = std::make_shared<ServerNames>(servers);
  return context;
}

mme_route_exchange leg(uint8_t family, uint64_t from_ms, uint64_t to_ms) {
  mme_route_exchange leg{};
  leg.key.family = family;
  leg.key.target = kTarget;
  leg.key.code = 200;
  leg.key.method = MME_METHOD_POST;
  leg.ended_ns = to_ms * kMs;
  leg.duration_ns = (to_ms - from_ms) * kMs;
  return leg;
}

mme_route_exchange request(uint64_t from_ms, uint64_t to_ms) {
  mme_route_exchange made = leg(MME_FAMILY_ENTRYPOINT, from_ms, to_ms);
  made.key.route = kRoute;
  return made;
}

// On 10.0.0.`host`:80.
mme_route_exchange upstream(uint64_t from_ms, uint64_t to_ms, uint8_t host = 1) {
  mme_route_exchange made = leg(MME_FAMILY_UPSTREAM, from_ms, to_ms);
  made.key.port = 80;
  made.key.name[1] = uint64_t{host} << 56 | 0x0000'000a'ffff'0000;
  return made;
}

class ProxyOverheadTest : public testing::Test {
 protected:
  ProxyOverheadTest() { overhead_.begin(1); }

  void join(const std::vector<mme_route_exchange>& legs, uint64_t now_ms) {
    for (const mme_route_exchange& one : legs) overhead_.add(one);
    overhead_.join(context(), now_ms * kMs);
  }
  // When one that ended at `ended_ms` has waited long enough.
  void give_up_on(uint64_t ended_ms) { join({}, ended_ms + 1 + ProxyOverhead::kWaitNs / kMs); }
  [[nodiscard]] RawOverhead counted() const {
    const auto all = overhead_.overheads();
    return all.empty() ? RawOverhead{} : all.at(0);
  }
  void expect(uint64_t requests, uint64_t sum_ms, uint64_t ambiguous = 0) const {
    EXPECT_EQ(counted().times.count(), requests);
    EXPECT_EQ(counted().times.sum_ns, sum_ms * kMs);
    EXPECT_EQ(counted().ambiguous, ambiguous);
  }

  ProxyOverhead overhead_{10};
};

TEST_F(ProxyOverheadTest, IsTheDifferenceOfTheTwoLegs) {
  join({upstream(11, 18), request(10, 20)}, 21);
  expect(1, 3);
  EXPECT_EQ(counted().route, kRoute);
}

TEST_F(ProxyOverheadTest, TheUpstreamLegLiesWithinTheRequest) {
  join({upstream(9, 18), upstream(11, 21), request(10, 20)}, 22);
  expect(0, 0);
}

TEST_F(ProxyOverheadTest, MethodCodeAndBodyAreTheSame) {
  auto method = upstream(11, 18);
  method.key.method = MME_METHOD_GET;
  auto code = upstream(11, 18);
  code.key.code = 500;
  auto body = upstream(11, 18);
  body.request_bytes = 7;
  join({method, code, body, request(10, 20)}, 22);
  give_up_on(20);
  expect(0, 0);
}

TEST_F(ProxyOverheadTest, TheServerIsOneOfTheService) {
  join({upstream(11, 12, 2), upstream(11, 18, 1), request(10, 20)}, 22);
  expect(1, 3);
  join({upstream(31, 38, 3), request(30, 40)}, 42);
  expect(2, 6);
  join({upstream(51, 58, 4), request(50, 60)}, 62);  // unknown, and the service's are known
  expect(2, 6);
}

TEST_F(ProxyOverheadTest, TheServerWasOneOfTheServiceWhenTheRequestBegan) {
  join({upstream(3, 4), request(2, 5)}, 6);
  ResolveContext renamed = context();
  const ServerNames servers{{"10.0.0.1:80", {"new@file", "http://10.0.0.1", {}}}};
  renamed.targets[kTarget].servers = std::make_shared<ServerNames>(servers);
  for (const auto& one : {upstream(11, 18), request(10, 20)}) overhead_.add(one);
  overhead_.join(renamed, 21 * kMs);
  expect(2, 2 + 3);
  overhead_.join(renamed, 30'000 * kMs);
  for (const auto& one : {upstream(30'011, 30'018), request(30'010, 30'020)}) overhead_.add(one);
  overhead_.join(renamed, 30'021 * kMs);
  expect(2, 2 + 3);
}

TEST_F(ProxyOverheadTest, ALegOfAnotherCodeThatNobodyHasMayBeTheRequests) {
  auto error = upstream(11, 18);
  error.key.code = 500;
  join({error, upstream(18, 19), request(10, 20)}, 21);
  give_up_on(20);
  expect(0, 0, 1);
}

TEST_F(ProxyOverheadTest, ALegOfAnotherCodeThatSomebodyHasIsHis) {
  auto error = upstream(11, 18);
  error.key.code = 500;
  auto failed = request(9, 22);
  failed.key.code = 500;
  join({error, upstream(18, 19), request(10, 20)}, 21);
  expect(0, 0);
  join({failed}, 23);
  expect(2, 9 + 6);
}

TEST_F(ProxyOverheadTest, AnotherServicesLooseLegDisturbsNobody) {
  join({upstream(12, 13, 2), upstream(11, 18), request(10, 20)}, 21);
  expect(1, 3);
}

TEST_F(ProxyOverheadTest, WhatARequestThatIsGoneMayHaveTakenNobodyTakes) {
  join({upstream(11, 18), request(10, 19), request(10, 1'000)}, 1'001);
  give_up_on(19);
  expect(0, 0, 1);
  give_up_on(1'000);
  expect(0, 0, 2);
}

TEST_F(ProxyOverheadTest, WhatBeganAfterTheEndIsNotObservedAndTakesItsLeg) {
  overhead_.end(15 * kMs);
  join({upstream(12, 19), upstream(17, 18), request(11, 22), request(16, 20)}, 23);
  expect(1, 4);
}

TEST_F(ProxyOverheadTest, WhatWaitsWhenLegsWereLostIsAmbiguous) {
  join({upstream(11, 18), upstream(12, 17), request(10, 20)}, 21);
  overhead_.forget(22 * kMs);
  expect(0, 0, 1);
}

TEST_F(ProxyOverheadTest, TheLongestCountsWheneverItBegan) {
  overhead_.begin(15 * kMs);
  join({request(5, 25), request(16, 20), upstream(1, 50)}, 51);
  EXPECT_EQ(overhead_.take_longest_ns(), 20 * kMs);
  EXPECT_EQ(overhead_.take_longest_ns(), 0u);
}

TEST_F(ProxyOverheadTest, AnotherRequestThatEndsLaterTakesItsOwn) {
  join({upstream(12, 14), upstream(11, 18), request(10, 20)}, 21);
  expect(0, 0);
  join({request(12, 22)}, 23);
  expect(2, 3 + 8);
}

TEST_F(ProxyOverheadTest, WhatMayBeExchangedIsAmbiguousAndItsSumIsRight) {
  join({upstream(12, 15), upstream(13, 18), request(10, 22), request(11, 23)}, 24);
  expect(2, 12 + 12 - 3 - 5);  // 9 and 7 ms, or 7 and 9: one bucket
  join({upstream(112, 113), upstream(113, 118), request(110, 120), request(111, 121)}, 122);
  expect(4, 16 + 10 + 10 - 1 - 5, 2);  // 9 and 5 ms, or 5 and 9
}

TEST_F(ProxyOverheadTest, ARequestThatNobodyElseTellsApartIsAmbiguousAfterAWhile) {
  join({upstream(11, 18), upstream(12, 17), request(10, 20)}, 21);
  join({}, 20 + ProxyOverhead::kWaitNs / kMs);
  expect(0, 0);
  join({}, 21 + ProxyOverhead::kWaitNs / kMs);
  expect(0, 0, 1);
}

TEST_F(ProxyOverheadTest, WhatBeganBeforeAllWereToldIsNotJoined) {
  overhead_.begin(15 * kMs);
  join({upstream(15, 18), request(14, 20)}, 21);
  expect(0, 0);
  join({upstream(17, 18), request(16, 20)}, 21);
  expect(1, 3);
}

TEST_F(ProxyOverheadTest, ARequestWhoseLegMayBeForgottenIsNotJoined) {
  join({upstream(11, 18)}, 19);
  join({upstream(20'000, 20'018)}, 20'019);  // the first one is gone now
  join({upstream(5, 30), request(4, 20'030)}, 20'031);
  expect(0, 0);
  join({request(19'999, 20'020)}, 20'031);
  expect(1, 3);
}

TEST_F(ProxyOverheadTest, MoreRoutesThanTheCapAreTheOther) {
  ProxyOverhead overhead(1);
  overhead.begin(1);
  ResolveContext both = context();
  auto routes = std::make_shared<RouteTable>(*both.routes);
  routes->push_back((*routes)[kRoute]);
  both.routes = routes;
  auto second = request(30, 40);
  second.key.route = kRoute + 1;
  for (const auto& one : {upstream(11, 18), request(10, 20), upstream(31, 38), second}) overhead.add(one);
  overhead.join(both, 41 * kMs);
  const auto all = overhead.overheads();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].route, MME_ROUTE_OTHER);
}

TEST_F(ProxyOverheadTest, WhatTraefikAnswersItselfIsNotJoined) {
  ResolveContext internal = context();
  auto routes = std::make_shared<RouteTable>(*internal.routes);
  (*routes)[kRoute].routers = {{"api@file", "api@internal"}};
  internal.routes = routes;
  for (const auto& one : {upstream(11, 18), request(10, 20)}) overhead_.add(one);
  overhead_.join(internal, 21 * kMs);
  expect(0, 0);
}

}  // namespace
}  // namespace mme

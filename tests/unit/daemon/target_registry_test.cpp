// SPDX-License-Identifier: Apache-2.0
#include "daemon/target_registry.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using namespace std::chrono_literals;
using Clock = TargetRegistry::Clock;

Target target(std::string name, pid_t pid, TargetKind kind = TargetKind::mongod) {
  Target result;
  result.kind = kind;
  result.name = std::move(name);
  result.pid = pid;
  result.cgroup = "/" + result.name;
  result.listeners = {{"::", 27017, ""}, {"127.0.0.1", 80, "web"}};
  return result;
}

// As the daemon does it: what `plan` says is done, and works.
TargetRegistry::Plan follow(TargetRegistry& registry, const std::vector<Target>& found, Clock::time_point now,
                            const std::string& problem = "") {
  auto plan = registry.plan(found, now);
  for (const Target& one : plan.observe) {
    EXPECT_TRUE(registry.id(one.name).has_value());
    registry.observed(one, problem, now);
  }
  return plan;
}

const Clock::time_point kStart{1000s};

TEST(TargetRegistry, ObservesOnceUntilSomethingChanges) {
  TargetRegistry registry;
  EXPECT_FALSE(registry.any_present());
  EXPECT_EQ(follow(registry, {target("a", 1)}, kStart).observe.size(), 1U);
  EXPECT_TRUE(follow(registry, {target("a", 1)}, kStart + 1s).observe.empty());
  EXPECT_EQ(follow(registry, {target("a", 2)}, kStart + 2s).observe.size(), 1U);  // restarted
  EXPECT_TRUE(registry.any_present());
  EXPECT_TRUE(registry.problems().empty());
}

TEST(TargetRegistry, TriesAgainAfterAWhile) {
  TargetRegistry registry;
  EXPECT_EQ(follow(registry, {target("a", 1)}, kStart, "attach: EPERM").observe.size(), 1U);
  EXPECT_EQ(registry.problems(), std::vector<std::string>{"a: attach: EPERM"});
  EXPECT_TRUE(follow(registry, {target("a", 1)}, kStart + 4s).observe.empty());
  EXPECT_EQ(follow(registry, {target("a", 1)}, kStart + 5s).observe.size(), 1U);
  EXPECT_TRUE(registry.problems().empty());
}

TEST(TargetRegistry, ForgetsOnceAndKeepsTheNumber) {
  TargetRegistry registry;
  follow(registry, {target("a", 1), target("b", 2)}, kStart);
  const uint16_t id = registry.id("a").value();
  EXPECT_NE(id, registry.id("b").value());
  const auto gone = follow(registry, {target("b", 2)}, kStart + 1s);
  ASSERT_EQ(gone.forget.size(), 1U);
  EXPECT_EQ(gone.forget[0].pid, 1);
  EXPECT_TRUE(follow(registry, {target("b", 2)}, kStart + 2s).forget.empty());
  EXPECT_EQ(registry.context().targets.at(id).name, "a");
  EXPECT_EQ(follow(registry, {target("a", 9), target("b", 2)}, kStart + 3s).observe.size(), 1U);
  EXPECT_EQ(registry.id("a").value(), id);
}

TEST(TargetRegistry, ARenamedTargetIsForgottenLast) {
  TargetRegistry registry;
  follow(registry, {target("a", 1), target("b", 2)}, kStart);
  Target renamed = target("a", 1);
  renamed.name = "c";
  const auto plan = follow(registry, {renamed}, kStart + 1s);
  ASSERT_EQ(plan.observe.size(), 1U);
  ASSERT_EQ(plan.succeeded.size(), 1U);
  EXPECT_EQ(plan.succeeded[0].name, "a");
  ASSERT_EQ(plan.forget.size(), 1U);
  EXPECT_EQ(plan.forget[0].name, "b");
}

TEST(TargetRegistry, NumbersEnd) {
  TargetRegistry registry;
  for (int i = 0; i < 65535; ++i) ASSERT_TRUE(registry.id(std::to_string(i)).has_value());
  EXPECT_FALSE(registry.id("one more").has_value());
  EXPECT_EQ(registry.id("0").value(), 1U);
}

TEST(TargetRegistry, States) {
  TargetRegistry registry;
  follow(registry, {target("a", 1)}, kStart);
  const auto states = registry.states(kStart);
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].kind, "mongod");
  EXPECT_TRUE(states[0].up);
  EXPECT_EQ(states[0].listeners, (std::vector<std::string>{"[::]:27017", "127.0.0.1:80"}));
}

TEST(TargetRegistry, VanishedOnesAreShownForAWhile) {
  TargetRegistry registry;
  follow(registry, {target("old", 1), target("new", 2), target("t", 3, TargetKind::traefik)}, kStart);
  follow(registry, {target("new", 2)}, kStart);
  const auto names = [&](Clock::time_point now) {
    std::string all;
    for (const TargetState& state : registry.states(now)) all += state.name + (state.up ? "+ " : "- ");
    return all;
  };
  EXPECT_EQ(names(kStart + 1s), "new+ old- t- ");
  EXPECT_EQ(names(kStart + 10min), "new+ t- ");  // nothing took the place of t
  EXPECT_FALSE(registry.states(kStart + 1s)[1].problem.empty());
}

TEST(TargetRegistry, EntrypointNamesOutliveTheirListeners) {
  TargetRegistry registry;
  follow(registry, {target("t", 1, TargetKind::traefik)}, kStart);
  Target fewer = target("t", 1, TargetKind::traefik);
  fewer.listeners.clear();
  follow(registry, {fewer}, kStart + 1s);
  const auto context = registry.context();
  EXPECT_EQ(context.targets.at(registry.id("t").value()).entrypoints,
            (std::map<uint16_t, std::string>{{80, "web"}, {27017, ":27017"}}));
}

TEST(TargetRegistry, WhatTheConfigurationDropsIsShownNoLonger) {
  TargetRegistry registry;
  follow(registry, {target("a", 1), target("b", 2)}, kStart);
  registry.reconfigured();
  follow(registry, {target("b", 2)}, kStart + 1s);
  ASSERT_EQ(registry.states(kStart + 2s).size(), 1U);
  EXPECT_EQ(registry.states(kStart + 2s)[0].name, "b");
  follow(registry, {}, kStart + 3s);  // this one ended by itself
  ASSERT_EQ(registry.states(kStart + 4s).size(), 1U);
  EXPECT_FALSE(registry.states(kStart + 4s)[0].up);
  follow(registry, {target("a", 3)}, kStart + 5s);
  EXPECT_EQ(registry.states(kStart + 6s).size(), 2U);
}

TEST(TargetRegistry, LearntNames) {
  TargetRegistry registry;
  follow(registry, {target("t", 1, TargetKind::traefik)}, kStart);
  registry.learnt("t", {.entrypoints = {{80, "ignored"}, {27017, "mongo"}, {81, "not yet there"}},
                        .servers = {{"10.0.0.5:80", {"mme@file", "http://10.0.0.5"}}},
                        .names = {{"server", "10.0.0.5:80", "mme@file", "file f:1"}},
                        .servers_up = {{"mme@file", "http://10.0.0.5", true}}});
  const auto context = registry.context();
  const ResolveTarget& known = context.targets.at(registry.id("t").value());
  EXPECT_EQ(known.entrypoints, (std::map<uint16_t, std::string>{{80, "web"}, {27017, "mongo"}}));
  EXPECT_EQ(known.servers->at("10.0.0.5:80").service, "mme@file");
  EXPECT_EQ(registry.states(kStart)[0].names.size(), 1U);
  EXPECT_EQ(registry.servers_up(), (std::vector<ServerUp>{{"mme@file", "http://10.0.0.5", true}}));
  registry.learnt("unknown", {});
  follow(registry, {}, kStart + 1s);
  EXPECT_TRUE(registry.servers_up().empty());
}

TEST(TargetRegistry, OwnMetricsOfThoseThatListenThere) {
  TargetRegistry registry;
  follow(registry, {target("t", 1, TargetKind::traefik)}, kStart);
  EXPECT_TRUE(registry.own_metrics().empty());
  TargetRegistry::Learnt learnt;
  learnt.own_metrics = {"scrape", 8082, {}};
  registry.learnt("t", learnt);
  EXPECT_TRUE(registry.own_metrics().empty());  // it does not listen there
  Target listening = target("t", 1, TargetKind::traefik);
  listening.listeners.push_back({"::", 8082, ""});
  follow(registry, {listening}, kStart + 1s);
  ASSERT_EQ(registry.own_metrics().size(), 1U);
  EXPECT_EQ(registry.own_metrics()[0].target, "t");
  follow(registry, {}, kStart + 2s);
  EXPECT_TRUE(registry.own_metrics().empty());
  follow(registry, {target("t", 2, TargetKind::traefik)}, kStart + 3s);  // without metrics, before its names are known
  EXPECT_TRUE(registry.own_metrics().empty());
}

}  // namespace
}  // namespace mme

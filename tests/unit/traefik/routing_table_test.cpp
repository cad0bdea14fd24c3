// SPDX-License-Identifier: Apache-2.0
#include "traefik/routing_table.h"

#include <gtest/gtest.h>

#include <chrono>

#include "traefik/resolve.h"
#include "traefik/static.h"

namespace mme::traefik {
namespace {

RequestHead get(const std::string& host, const std::string& path) {
  RequestHead head;
  head.method = "GET";
  head.target = path;
  head.headers = {{"Host", host}};
  head.client_ip = "192.0.2.7";
  return head;
}

Configuration with_web() {
  Configuration configuration;
  Entrypoint web;
  web.name = "web";
  EXPECT_TRUE(set_address(web, ":80"));
  configuration.entrypoints["web"] = web;
  Service service;
  service.name = "s@file";
  service.type = ServiceType::load_balancer;
  configuration.services["s@file"] = service;
  return configuration;
}

Router& add(Configuration& configuration, const std::string& name, const std::string& rule, int64_t priority = 0) {
  Router router;
  router.name = name + "@file";
  router.rule = rule;
  router.priority = priority;
  router.entrypoints = {"web"};
  router.service = "s@file";
  return configuration.routers[router.name] = router;
}

std::string found(const Configuration& configuration, const std::string& host, const std::string& path) {
  const Route route = RoutingTable(configuration).find("web", get(host, path));
  switch (route.outcome) {
    case Route::Outcome::matched:
      return route.router;
    case Route::Outcome::unmatched:
      return "404";
    case Route::Outcome::refused:
      return "refused";
    case Route::Outcome::unknown:
      return "unknown: " + route.reason;
  }
  return "";
}

TEST(RoutingTable, TheLongestRuleWins) {
  Configuration configuration = with_web();
  add(configuration, "short", "Host(`a`)");
  add(configuration, "long", "Host(`a`) && PathPrefix(`/x`)");
  add(configuration, "any", "PathPrefix(`/`)");
  EXPECT_EQ(found(configuration, "a", "/"), "any@file");
  EXPECT_EQ(found(configuration, "a", "/x"), "long@file");
  add(configuration, "first", "Host(`a`)", 1000);
  EXPECT_EQ(found(configuration, "a", "/x"), "first@file");
  EXPECT_EQ(found(configuration, "b", "/x"), "any@file");
}

TEST(RoutingTable, ATieIsUnknown) {
  Configuration configuration = with_web();
  add(configuration, "one", "Host(`a`)");
  add(configuration, "two", "Path(`/`)");
  EXPECT_EQ(found(configuration, "a", "/"),
            "unknown: routers one@file and two@file both match with priority 9: Traefik chooses by chance");
  EXPECT_EQ(found(configuration, "a", "/x"), "one@file");
  EXPECT_EQ(found(configuration, "b", "/"), "two@file");
  EXPECT_EQ(RoutingTable(configuration).find("web", get("a", "/")).service, "s@file");
}

TEST(RoutingTable, WhatCannotBeEvaluatedHidesOnlyWhatItMayTake) {
  Configuration configuration = with_web();
  add(configuration, "new", "Weather(`rain`)", 50);
  add(configuration, "above", "Path(`/above`)", 60);
  add(configuration, "below", "Path(`/below`)", 40);
  EXPECT_EQ(found(configuration, "a", "/above"), "above@file");
  EXPECT_EQ(found(configuration, "a", "/below"), "unknown: router new@file: at 1: Weather is not a known matcher");
  EXPECT_EQ(RoutingTable(configuration).problems().size(), 1U);
}

TEST(RoutingTable, NothingIsCertainWhileAProviderIsUnread) {
  Configuration configuration = with_web();
  add(configuration, "a", "Host(`a`)");
  Router ping = configuration.routers["a@file"];
  ping.name = "ping@internal";
  ping.rule = "PathPrefix(`/ping`)";
  ping.priority = std::numeric_limits<int64_t>::max();
  configuration.routers[ping.name] = ping;
  configuration.unread = {"the provider consul"};
  EXPECT_EQ(found(configuration, "a", "/"), "unknown: the provider consul could not be read");
  EXPECT_EQ(found(configuration, "a", "/ping"), "ping@internal");
}

TEST(RoutingTable, LeavesOutWhatTraefikLeavesOut) {
  Configuration configuration = with_web();
  add(configuration, "broken", "Host(`a`) &&");
  add(configuration, "serviceless", "Host(`a`) && Path(`/1`)").service = "";
  add(configuration, "missing", "Host(`a`) && Path(`/2`)").service = "t@file";
  add(configuration, "middleware", "Host(`a`) && Path(`/3`)").middlewares = {"auth"};
  add(configuration, "disabled", "Host(`a`) && Path(`/4`)").disabled = true;
  add(configuration, "elsewhere", "Host(`a`) && Path(`/5`)").entrypoints = {"other"};
  add(configuration, "good", "Host(`a`)");
  for (const auto* path : {"/1", "/2", "/3", "/4", "/5"}) EXPECT_EQ(found(configuration, "a", path), "good@file");
  EXPECT_EQ(RoutingTable(configuration).problems().size(), 6U);
  configuration.middlewares["auth@file"] = {};
  EXPECT_EQ(found(configuration, "a", "/3"), "middleware@file");
}

TEST(RoutingTable, WalksDownToChildren) {
  Configuration configuration = with_web();
  add(configuration, "parent", "Host(`a`)").service = "";
  auto& child = add(configuration, "child", "Path(`/a`)");
  child.entrypoints.clear();
  child.parents = {"parent@file"};
  const RoutingTable table(configuration);
  const Route below = table.find("web", get("a", "/a"));
  EXPECT_EQ(below.router, "child@file");
  EXPECT_EQ(below.parents, std::vector<std::string>{"parent@file"});
  const Route none = table.find("web", get("a", "/b"));
  EXPECT_EQ(none.router, "parent@file");
  EXPECT_EQ(none.service, "parent@file-muxer");
  configuration.routers["parent@file"].middlewares = {"strip"};
  configuration.middlewares["strip@file"] = {};
  EXPECT_EQ(RoutingTable(configuration).find("web", get("a", "/a")).outcome, Route::Outcome::unknown);
}

TEST(RoutingTable, KnowsItsEntrypoints) {
  Configuration configuration = with_web();
  add(configuration, "tls", "Host(`a`)").tls = true;
  EXPECT_EQ(found(configuration, "a", "/"), "404");
  RequestHead head = get("a", "/");
  head.tls = true;
  EXPECT_EQ(RoutingTable(configuration).find("web", head).router, "tls@file");
  EXPECT_EQ(RoutingTable(configuration).find("gone", head).reason, "there is no entrypoint gone");
  configuration.tcp_routers["web"] = "db@file";
  EXPECT_EQ(found(configuration, "a", "/"), "unknown: the TCP router db@file may take the connection");
}

TEST(RoutingTable, TakesTenThousandRouters) {
  Configuration configuration = with_web();
  for (int i = 0; i < 10000; i++) {
    const std::string number = std::to_string(i);
    add(configuration, "h" + number, "Host(`t" + number + ".example`) && PathPrefix(`/api`)");
  }
  const auto start = std::chrono::steady_clock::now();
  const RoutingTable table(configuration);
  for (int i = 0; i < 10000; i++) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(table.find("web", get("t" + number + ".example", "/api/x")).router, "h" + number + "@file");
  }
  const auto took = std::chrono::steady_clock::now() - start;
  RecordProperty("microseconds", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

TEST(Resolved, GivesDefaultsAndModels) {
  Configuration configuration = with_web();
  for (const auto* name : {"traefik", "secure", "dns"}) {
    Entrypoint entrypoint;
    entrypoint.name = name;
    EXPECT_TRUE(set_address(entrypoint, std::string(name) == "dns" ? ":53/udp" : ":443"));
    entrypoint.tls = std::string(name) == "secure";
    configuration.entrypoints[name] = entrypoint;
  }
  add(configuration, "a", "Host(`a`)").entrypoints.clear();
  add(configuration, "b", "Host(`b`)").entrypoints = {"secure"};
  const Configuration made = resolved(configuration);
  ASSERT_EQ(made.routers.size(), 3U);
  EXPECT_EQ(made.routers.at("a@file").entrypoints, std::vector<std::string>{"web"});
  EXPECT_FALSE(made.routers.at("a@file").tls);
  EXPECT_EQ(made.routers.at("secure-a@file").entrypoints, std::vector<std::string>{"secure"});
  EXPECT_TRUE(made.routers.at("secure-a@file").tls);
  EXPECT_TRUE(made.routers.at("b@file").tls);

  configuration.entrypoints["secure"].as_default = true;
  EXPECT_EQ(resolved(configuration).routers.at("a@file").entrypoints, std::vector<std::string>{"secure"});
}

TEST(Resolved, AnyObservabilityIsAModel) {
  const auto read = parse_static_file(
      "entryPoints: {web: {address: ':80', observability: {accessLogs: false}}, other: {address: ':81'}}",
      FileFormat::yaml, {});
  ASSERT_TRUE(read);
  Configuration configuration = with_web();
  configuration.entrypoints = read->entrypoints;
  add(configuration, "x", "Host(`a`)").entrypoints = {"web", "other"};
  const Configuration made = resolved(configuration);
  ASSERT_TRUE(made.routers.contains("web-x@file"));
  EXPECT_EQ(made.routers.at("web-x@file").entrypoints, std::vector<std::string>{"web"});
  EXPECT_EQ(made.routers.at("x@file").entrypoints, std::vector<std::string>{"other"});
}

TEST(Merged, TheFirstSourceWinsAndTheApiSaysAll) {
  Configuration own = with_web();
  add(own, "a", "Host(`own`)").source.kind = SourceKind::agent;
  Configuration file;
  add(file, "a", "Host(`file`)");
  add(file, "b", "Host(`file`)");
  EXPECT_EQ(merged({own, file}).routers.at("a@file").rule, "Host(`own`)");
  EXPECT_TRUE(merged({own, file}).routers.contains("b@file"));
  Configuration api;
  add(api, "c", "Host(`api`)").source.kind = SourceKind::api;
  const Configuration all = merged({own, api, file});
  EXPECT_TRUE(all.routers.contains("c@file"));
  EXPECT_FALSE(all.routers.contains("b@file"));
}

TEST(LoadBalancers, AreFoundBehindServices) {
  Configuration configuration = with_web();
  Service weighted;
  weighted.name = "w@file";
  weighted.type = ServiceType::weighted;
  weighted.children = {"s@file", "w@file", "s@file", "gone@file"};
  configuration.services["w@file"] = weighted;
  EXPECT_EQ(load_balancers(configuration, "w@file"), std::vector<std::string>{"s@file"});
  EXPECT_TRUE(load_balancers(configuration, "gone@file").empty());
}

}  // namespace
}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/route_classes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <tuple>

#include "traefik/resolve.h"
#include "traefik/static.h"

namespace mme::traefik {
namespace {

constexpr uint16_t kWeb = 80;
const std::map<uint16_t, std::string> kEntrypoints = {{kWeb, "web"}};

RequestHead request(const std::string& method, const std::string& target, const std::string& host = "a") {
  RequestHead head;
  head.method = method;
  head.target = target;
  head.headers = {{"Host", host}};
  head.client_ip = "192.0.2.7";
  return head;
}

RequestHead get(const std::string& target, const std::string& host = "a") {
  return request("GET", target, host);
}

void add_service(Configuration& configuration, const std::string& name, ServiceType type = ServiceType::load_balancer,
                 std::vector<std::string> children = {}) {
  Service service;
  service.name = name;
  service.type = type;
  service.children = std::move(children);
  configuration.services[name] = service;
}

Configuration with_web() {
  Configuration configuration;
  Entrypoint web;
  web.name = "web";
  EXPECT_TRUE(set_address(web, ":80"));
  configuration.entrypoints["web"] = web;
  add_service(configuration, "s@file");
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

Router& add_below(Configuration& configuration, const std::string& parent, const std::string& name,
                  const std::string& rule) {
  Router& router = add(configuration, name, rule);
  router.entrypoints.clear();
  router.parents = {parent + "@file"};
  return router;
}

RouteClasses classes(const Configuration& configuration, const std::vector<OperatorRoute>& routes = {},
                     size_t literals_max = kLiteralsMax) {
  return {configuration, kEntrypoints, routes, literals_max};
}

using Literals = std::vector<std::string>;
using Routers = std::vector<RouterName>;

TEST(RouteClasses, LiteralsComeFromRulesAndRoutes) {
  Configuration configuration = with_web();
  add(configuration, "one", "PathPrefix(`/b`) || !Path(`/a/`) || PathPrefix(`/b`)");
  add(configuration, "parent", "PathPrefix(`/p`)").service = "";
  add_below(configuration, "parent", "child", "Path(`/p/c`)");
  add(configuration, "secure", "PathPrefix(`/tls`)").tls = true;
  const auto made =
      classes(configuration, {{"r", "POST", "/promote", false}, {"m", "", "/m/{id}/x", false}, {"t", "", "/t/", true}});
  ASSERT_EQ(made.ports().size(), 1U);
  EXPECT_EQ(made.ports()[0].port, kWeb);
  EXPECT_EQ(made.ports()[0].literals, (Literals{"", "/a/", "/b", "/m/", "/p", "/p/c", "/promote", "/t/"}));
}

TEST(RouteClasses, AHostAnywhereTellsHostsApart) {
  Configuration configuration = with_web();
  add(configuration, "one", "PathPrefix(`/b`)");
  EXPECT_FALSE(classes(configuration).ports()[0].by_host);
  add(configuration, "parent", "PathPrefix(`/p`)").service = "";
  add_below(configuration, "parent", "child", "HostRegexp(`x`)");
  EXPECT_TRUE(classes(configuration).ports()[0].by_host);
  configuration.routers["child@file"].rule = "Path(`/p/x`)";
  EXPECT_FALSE(classes(configuration).ports()[0].by_host);
  add(configuration, "two", "!Host(`x`)");
  EXPECT_TRUE(classes(configuration).ports()[0].by_host);
}

TEST(RouteClasses, WhatNeedsTheHead) {
  for (const auto* rule : {"Header(`X-A`, `1`)", "HeaderRegexp(`X-A`, `1`)", "Query(`a`)", "QueryRegexp(`a`, `1`)",
                           "ClientIP(`192.0.2.0/24`)", "PathRegexp(`^/x`)", "Path(`/`) && !(Path(`/a`) || Query(`a`))",
                           "Method(`PURGE`)"}) {
    Configuration configuration = with_web();
    add(configuration, "one", rule);
    EXPECT_TRUE(classes(configuration).ports()[0].by_head) << rule;
  }
  Configuration configuration = with_web();
  add(configuration, "one", "(Host(`a`) || HostRegexp(`b`)) && !Method(`GET`) && PathPrefix(`/a`) && Path(`/ab`)");
  EXPECT_FALSE(classes(configuration, {{"r", "POST", "/promote", true}}).ports()[0].by_head);
  EXPECT_TRUE(classes(configuration, {{"m", "", "/m/{id}", false}}).ports()[0].by_head);
  EXPECT_TRUE(classes(configuration, {{"m", "post", "/m", false}}).ports()[0].by_head);  // another method than POST
}

TEST(RouteClasses, ALongLiteralIsCut) {
  const std::string cut = "/" + std::string(kLiteralBytesMax - 1, 'x');
  Configuration configuration = with_web();
  add(configuration, "fits", "PathPrefix(`" + cut + "`)", 1);
  EXPECT_FALSE(classes(configuration).ports()[0].by_head);
  configuration.routers.clear();
  add(configuration, "all", "PathPrefix(`/`)");
  add(configuration, "long", "PathPrefix(`" + cut + "yz`)");
  const auto made = classes(configuration);
  EXPECT_TRUE(made.ports()[0].by_head);
  EXPECT_EQ(made.ports()[0].literals, (Literals{"", "/", cut}));
  EXPECT_EQ(made.find(kWeb, get(cut + "yz1")).name.routers, (Routers{{"long@file", "s@file"}}));
  EXPECT_EQ(made.find(kWeb, get(cut + "y")).name.routers, (Routers{{"all@file", "s@file"}}));
  EXPECT_FALSE(made.find(kWeb, get(cut + "yz1")).whole_class);
  EXPECT_FALSE(made.find(kWeb, get(cut + "y")).whole_class);
  EXPECT_TRUE(made.find(kWeb, get(cut)).whole_class);  // exactly: too short for the rule
  EXPECT_TRUE(made.find(kWeb, get("/x")).whole_class);
}

TEST(RouteClasses, TooManyLiteralsAreNone) {
  Configuration configuration = with_web();
  add(configuration, "a", "Host(`a`) && PathPrefix(`/a`)");
  add(configuration, "b", "Host(`b`)");
  EXPECT_EQ(classes(configuration, {}, 2).ports()[0].literals, (Literals{"", "/a"}));
  EXPECT_FALSE(classes(configuration, {}, 2).ports()[0].by_head);
  const auto made = classes(configuration, {}, 1);
  EXPECT_EQ(made.ports()[0].literals, Literals{""});
  EXPECT_TRUE(made.ports()[0].by_head);
  EXPECT_FALSE(made.find(kWeb, get("/x", "a")).whole_class);
  EXPECT_EQ(made.find(kWeb, get("/a", "a")).name.routers, (Routers{{"a@file", "s@file"}}));
  EXPECT_TRUE(made.find(kWeb, get("/x", "b")).whole_class);
}

TEST(RouteClasses, TheLongestLiteralIsTheClass) {
  Configuration configuration = with_web();
  add(configuration, "a", "PathPrefix(`/a`) || PathPrefix(`/a/b`) || Path(`/ab`) || Path(`/c`)");
  const auto made = classes(configuration);
  const auto class_of = [&](std::string_view path) {
    const auto found = made.class_of(kWeb, path);
    return made.ports()[0].literals[found.literal] + (found.exact ? " exactly" : "");
  };
  EXPECT_EQ(class_of("/a"), "/a exactly");
  EXPECT_EQ(class_of("/aa"), "/a");
  EXPECT_EQ(class_of("/a/a"), "/a");
  EXPECT_EQ(class_of("/a/b"), "/a/b exactly");
  EXPECT_EQ(class_of("/a/bc"), "/a/b");
  EXPECT_EQ(class_of("/abc"), "/ab");
  EXPECT_EQ(class_of("/b"), "");
  EXPECT_EQ(class_of(""), " exactly");
  EXPECT_EQ(made.class_of(8080, "/a"), (RouteClasses::PathClass{0, false}));
}

TEST(RouteClasses, AClassIsWholeWhereMethodHostAndPathDecide) {
  Configuration configuration = with_web();
  add(configuration, "api", "Host(`a`) && PathPrefix(`/api`) && Method(`POST`)");
  add(configuration, "rest", "Host(`a`)");
  const auto made = classes(configuration);
  const auto post = made.find(kWeb, request("POST", "/api/x?q=1", "A:8080"));
  EXPECT_EQ(post.name.routers, (Routers{{"api@file", "s@file"}}));
  EXPECT_TRUE(post.whole_class);
  EXPECT_EQ(made.find(kWeb, get("/api/x")).name.routers, (Routers{{"rest@file", "s@file"}}));
  const auto other = made.find(kWeb, get("/api/x", "b"));
  EXPECT_TRUE(other.name.routers.empty());
  EXPECT_TRUE(other.whole_class);
}

TEST(RouteClasses, AClassIsNotWholeWhereTheHeadDecides) {
  Configuration configuration = with_web();
  add(configuration, "header", "PathPrefix(`/api`) && Header(`X-A`, `1`)");
  add(configuration, "regexp", "PathPrefix(`/v`) && PathRegexp(`^/v[0-9]+/`)");
  add(configuration, "rest", "PathPrefix(`/`)");
  const auto made = classes(configuration);
  RequestHead head = get("/api/x");
  EXPECT_EQ(made.find(kWeb, head).name.routers, (Routers{{"rest@file", "s@file"}}));
  EXPECT_FALSE(made.find(kWeb, head).whole_class);
  head.headers.push_back({"X-A", "1"});
  EXPECT_EQ(made.find(kWeb, head).name.routers, (Routers{{"header@file", "s@file"}}));
  EXPECT_FALSE(made.find(kWeb, head).whole_class);
  EXPECT_EQ(made.find(kWeb, get("/v1/x")).name.routers, (Routers{{"regexp@file", "s@file"}}));
  EXPECT_FALSE(made.find(kWeb, get("/v1/x")).whole_class);
  EXPECT_TRUE(made.find(kWeb, get("/v")).whole_class);  // exactly: all of the path is known
  EXPECT_TRUE(made.find(kWeb, get("/x")).whole_class);
}

TEST(RouteClasses, UnnamedMethodsAreOneClass) {
  Configuration configuration = with_web();
  add(configuration, "purge", "Method(`purge`) && Path(`/cache`)");
  add(configuration, "get", "Method(`GET`)");
  const auto made = classes(configuration, {{"report", "REPORT", "/dav/", true}, {"lower", "post", "/low", false}});
  EXPECT_EQ(made.find(kWeb, request("PURGE", "/cache")).name.routers, (Routers{{"purge@file", "s@file"}}));
  EXPECT_FALSE(made.find(kWeb, request("PURGE", "/cache")).whole_class);
  EXPECT_TRUE(made.find(kWeb, request("COPY", "/cache")).name.routers.empty());
  EXPECT_FALSE(made.find(kWeb, request("COPY", "/cache")).whole_class);
  EXPECT_TRUE(made.find(kWeb, get("/cache")).whole_class);
  EXPECT_TRUE(made.find(kWeb, request("COPY", "/x")).whole_class);
  EXPECT_TRUE(made.find(kWeb, request("get", "/x")).name.routers.empty());  // methods have a case
  EXPECT_EQ(made.find(kWeb, request("REPORT", "/dav/x")).name.route, "report");
  EXPECT_FALSE(made.find(kWeb, request("COPY", "/dav/x")).whole_class);
  EXPECT_EQ(made.find(kWeb, request("post", "/low")).name.route, "lower");
  EXPECT_EQ(made.find(kWeb, request("POST", "/low")).name.route, "");
  EXPECT_FALSE(made.find(kWeb, request("COPY", "/low")).whole_class);
  EXPECT_TRUE(made.find(kWeb, request("POST", "/low")).whole_class);
}

TEST(RouteClasses, OperatorRoutesInTheirOrder) {
  const auto made = classes(with_web(), {{"promote", "POST", "/promote", false},
                                         {"own", "", "/memories/own", false},
                                         {"memory", "GET", "/memories/{id}", false},
                                         {"part", "", "/memories/{id}/parts/{part}", true},
                                         {"api", "", "/api/", true},
                                         {"late", "", "/api/late", false}});
  const auto route = [&](const std::string& method, const std::string& target) {
    return made.find(kWeb, request(method, target)).name.route;
  };
  EXPECT_EQ(route("POST", "/promote?id=1"), "promote");
  EXPECT_EQ(route("GET", "/promote"), "");
  EXPECT_EQ(route("POST", "/promote/"), "");
  EXPECT_EQ(route("GET", "/memories/own"), "own");
  EXPECT_EQ(route("GET", "/memories/7.a"), "memory");
  EXPECT_EQ(route("POST", "/memories/7"), "");
  EXPECT_EQ(route("GET", "/memories/"), "");
  EXPECT_EQ(route("GET", "/memories/7/"), "");
  EXPECT_EQ(route("POST", "/memories/7/parts/8"), "part");
  EXPECT_EQ(route("POST", "/memories/7/parts/8/9"), "part");
  EXPECT_EQ(route("POST", "/memories/7/parts/"), "");
  EXPECT_EQ(route("GET", "/api/late"), "api");
  EXPECT_EQ(route("GET", "/api/%6cate"), "api");
  EXPECT_EQ(route("POST", "/x/../promote"), "promote");  // the path that Traefik routes by
  EXPECT_EQ(route("POST", "http://a/promote"), "promote");
  const auto whole = [&](const std::string& method, const std::string& target) {
    return made.find(kWeb, request(method, target)).whole_class;
  };
  EXPECT_TRUE(whole("POST", "/promote"));
  EXPECT_TRUE(whole("GET", "/memories/own"));
  EXPECT_FALSE(whole("GET", "/memories/7"));
  EXPECT_FALSE(whole("GET", "/memories/7/8/9"));
  EXPECT_TRUE(whole("GET", "/memories/"));
  EXPECT_TRUE(whole("GET", "/api/x"));
  EXPECT_TRUE(whole("GET", "/api/late"));
  EXPECT_TRUE(whole("GET", "/x"));
}

TEST(RouteClasses, SignsInARouteStandForThemselves) {
  const auto made = classes(with_web(), {{"a", "", "/a.b+(c)/{x}.$j", false}, {"b", "", "/b{", false}});
  EXPECT_EQ(made.find(kWeb, get("/a.b+(c)/1.$j")).name.route, "a");
  EXPECT_EQ(made.find(kWeb, get("/aXb+(c)/1.$j")).name.route, "");
  EXPECT_EQ(made.find(kWeb, get("/b{")).name.route, "b");
  EXPECT_EQ(made.find(kWeb, get("/bb")).name.route, "");
}

TEST(RouteClasses, NamesEveryRouterThatCounts) {
  Configuration configuration = with_web();
  add(configuration, "parent", "PathPrefix(`/p`)").service = "";
  add_below(configuration, "parent", "child", "Path(`/p/c`)");
  const auto name = [&](const std::string& path) { return classes(configuration).find(kWeb, get(path)).name; };
  EXPECT_EQ(name("/p/c").routers, (Routers{{"parent@file", "parent@file-muxer"}, {"child@file", "s@file"}}));
  EXPECT_EQ(name("/p/c").service, "s@file");
  EXPECT_TRUE(name("/p/c").direct);
  EXPECT_EQ(name("/p/d").routers, (Routers{{"parent@file", "parent@file-muxer"}}));
  EXPECT_EQ(name("/p/d").service, "");
  EXPECT_FALSE(name("/p/d").direct);
}

TEST(RouteClasses, TheRootDecidesWhatIsCounted) {
  Configuration configuration = with_web();
  add_service(configuration, "api@internal", ServiceType::internal);
  add(configuration, "parent", "PathPrefix(`/p`)").service = "";
  add_below(configuration, "parent", "child", "Path(`/p/c`)");
  add_below(configuration, "parent", "api", "Path(`/p/api`)").service = "api@internal";
  add(configuration, "own", "Path(`/api`)").service = "api@internal";
  const auto name = [&](const std::string& path) {
    return classes(resolved(configuration)).find(kWeb, get(path)).name;
  };
  EXPECT_EQ(name("/p/api").routers, (Routers{{"parent@file", "parent@file-muxer"}, {"api@file", "api@internal"}}));
  EXPECT_TRUE(name("/api").routers.empty());
  configuration.routers["child@file"].metrics = false;
  EXPECT_EQ(name("/p/c").routers.size(), 2U);
  configuration.routers["parent@file"].metrics = false;
  configuration.routers["child@file"].metrics = true;
  EXPECT_TRUE(name("/p/c").routers.empty());
  EXPECT_TRUE(name("/p/d").routers.empty());
  EXPECT_EQ(name("/p/c").service, "s@file");
}

TEST(RouteClasses, ARoutersMetricsWinOverItsEntrypoints) {
  const auto read =
      parse_static_file("entryPoints: {web: {address: ':80', observability: {metrics: false}}}", FileFormat::yaml, {});
  ASSERT_TRUE(read);
  Configuration configuration = with_web();
  configuration.entrypoints = read->entrypoints;
  add(configuration, "silent", "Path(`/1`)");
  add(configuration, "counted", "Path(`/2`)").metrics = true;
  const auto made = classes(resolved(configuration));
  EXPECT_TRUE(made.find(kWeb, get("/1")).name.routers.empty());
  EXPECT_EQ(made.find(kWeb, get("/1")).name.service, "s@file");
  EXPECT_EQ(made.find(kWeb, get("/2")).name.routers, (Routers{{"counted@file", "s@file"}}));
}

TEST(RouteClasses, TheServiceIsTheOnlyLoadBalancer) {
  Configuration configuration = with_web();
  add_service(configuration, "t@file");
  add_service(configuration, "one@file", ServiceType::weighted, {"s@file"});
  add_service(configuration, "two@file", ServiceType::weighted, {"s@file", "t@file"});
  add(configuration, "one", "Path(`/1`)").service = "one@file";
  add(configuration, "two", "Path(`/2`)").service = "two@file";
  const auto made = classes(configuration);
  EXPECT_EQ(made.find(kWeb, get("/1")).name, (RouteName{{{"one@file", "one@file"}}, "s@file", true, "", {"s@file"}}));
  EXPECT_EQ(made.find(kWeb, get("/2")).name,
            (RouteName{{{"two@file", "two@file"}}, "", false, "", {"s@file", "t@file"}}));
}

TEST(RouteClasses, MirrorsAnswerNobody) {
  Configuration configuration = with_web();
  add_service(configuration, "copy@file");
  add_service(configuration, "mirrored@file", ServiceType::mirroring, {"s@file", "copy@file"});
  add_service(configuration, "both@file", ServiceType::weighted, {"mirrored@file", "s@file"});
  add_service(configuration, "part@file", ServiceType::weighted, {"s@file", "gone@file"});
  add(configuration, "mirrored", "Path(`/m`)").service = "mirrored@file";
  add(configuration, "both", "Path(`/b`)").service = "both@file";
  add(configuration, "part", "Path(`/p`)").service = "part@file";
  const auto made = classes(configuration);
  EXPECT_EQ(made.find(kWeb, get("/m")).name.services, std::vector<std::string>{"s@file"});
  EXPECT_EQ(made.find(kWeb, get("/m")).name.service, "s@file");
  EXPECT_EQ(made.find(kWeb, get("/b")).name.services, std::vector<std::string>{"s@file"});
  EXPECT_TRUE(made.find(kWeb, get("/p")).name.services.empty());
}

TEST(RouteClasses, AMiddlewareMayAnswer) {
  Configuration configuration = with_web();
  configuration.middlewares["auth@file"] = {};
  add(configuration, "plain", "Path(`/1`)");
  add(configuration, "auth", "Path(`/2`)").middlewares = {"auth"};
  const auto direct = [&](const std::string& path) {
    return classes(resolved(configuration)).find(kWeb, get(path)).name.direct;
  };
  EXPECT_TRUE(direct("/1"));
  EXPECT_FALSE(direct("/2"));
  configuration.entrypoints["web"].middlewares = {"auth@file"};
  EXPECT_FALSE(direct("/1"));
}

TEST(RouteClasses, WhatIsNotDecidedIsUnknown) {
  Configuration configuration = with_web();
  add(configuration, "one", "Path(`/`)");
  add(configuration, "two", "Path(`/`)");
  add(configuration, "new", "Weather(`rain`) || Path(`/x`)", 1);
  add(configuration, "head", "Path(`/h`) && Header(`X-A`, `1`)");
  const auto made = classes(configuration);
  const auto tie = made.find(kWeb, get("/"));
  EXPECT_EQ(tie.name, (RouteName{{{"unknown", "s@file"}}, "s@file", false, "", {"s@file"}}));
  EXPECT_EQ(tie.reason, "routers one@file and two@file both match with priority 9: Traefik chooses by chance");
  EXPECT_TRUE(tie.whole_class);  // and so it is for each
  const auto later = made.find(kWeb, get("/z"));
  EXPECT_EQ(later.name, (RouteName{{{"unknown", "unknown"}}, "", false, ""}));
  EXPECT_TRUE(later.whole_class);
  RequestHead cut = get("/h");
  cut.headers_complete = false;
  EXPECT_EQ(made.find(kWeb, cut).name.routers, (Routers{{"unknown", "unknown"}}));
  EXPECT_EQ(made.find(kWeb, cut).reason, "router head@file: the headers were cut off");
  EXPECT_FALSE(made.find(kWeb, cut).whole_class);
  configuration.unread = {"the provider consul"};
  EXPECT_TRUE(classes(configuration).find(kWeb, get("/")).whole_class);
  EXPECT_EQ(classes(configuration).find(kWeb, get("/")).name.routers, (Routers{{"unknown", "unknown"}}));
}

TEST(RouteClasses, RefusedRequestsHaveNoRouter) {
  Configuration configuration = with_web();
  add(configuration, "all", "PathPrefix(`/`)");
  RequestHead head = get("/x");
  head.headers.push_back({"Host", "b"});
  const auto found = classes(configuration, {{"x", "", "/x", false}}).find(kWeb, head);
  EXPECT_EQ(found.name, (RouteName{{}, "", false, "x"}));
  EXPECT_EQ(found.reason, "");
  EXPECT_FALSE(found.whole_class);
}

TEST(RouteClasses, ACutHeadIsEnoughWhereItDecides) {
  Configuration configuration = with_web();
  add(configuration, "all", "PathPrefix(`/a`)");
  const auto made = classes(configuration, {{"ab", "", "/ab", false}});
  RequestHead head = get("/ab");
  head.headers.clear();
  head.headers_complete = false;
  EXPECT_TRUE(made.find(kWeb, head).whole_class);
  EXPECT_EQ(made.find(kWeb, head).name.route, "ab");
  head.target_complete = false;
  EXPECT_FALSE(made.find(kWeb, head).whole_class);
  EXPECT_EQ(made.find(kWeb, head).name, (RouteName{{{"unknown", "unknown"}}, "", false, ""}));
  head.target = "/ab?x";
  EXPECT_TRUE(made.find(kWeb, head).whole_class);
  EXPECT_EQ(made.find(kWeb, head).name.route, "ab");
  add(configuration, "host", "Host(`a`)");
  EXPECT_FALSE(classes(configuration).find(kWeb, head).whole_class);
}

TEST(RouteClasses, OddRequestsAreNeverWhole) {
  Configuration configuration = with_web();
  add(configuration, "all", "PathPrefix(`/`)");
  const auto made = classes(configuration);
  EXPECT_TRUE(made.find(kWeb, get("/a.b/c?x=%20//#")).whole_class);
  for (const auto* target : {"http://a/x", "/a%20b", "/a//b", "/a/./b", "/a/..", "//", "/a#b", "/a{b", "/\xc3\xa4"}) {
    EXPECT_FALSE(made.find(kWeb, get(target)).whole_class) << target;
  }
  EXPECT_TRUE(made.find(kWeb, get("/", "[::1]")).whole_class);
  add(configuration, "host", "Host(`a`)");
  const auto by_host = classes(configuration);
  EXPECT_TRUE(by_host.find(kWeb, get("/", "b:80")).whole_class);
  for (const auto* host : {"[::1]", "a:b:c", ""}) EXPECT_FALSE(by_host.find(kWeb, get("/", host)).whole_class) << host;
}

TEST(RouteClasses, APortWithoutAnEntrypointHasTheOperatorsRoutes) {
  Configuration configuration = with_web();
  add(configuration, "all", "Host(`a`) && PathPrefix(`/`)");
  const RouteClasses made(configuration, {{90, ""}, {81, "gone"}}, {{"promote", "POST", "/promote", false}});
  ASSERT_EQ(made.ports().size(), 2U);
  for (const auto& port : made.ports()) {
    EXPECT_EQ(port.literals, (Literals{"", "/promote"}));
    EXPECT_FALSE(port.by_host);
    const auto found = made.find(port.port, request("POST", "/promote"));
    EXPECT_EQ(found.name, (RouteName{{}, "", false, "promote"}));
    EXPECT_TRUE(found.whole_class);
    EXPECT_EQ(found.reason, "");
  }
  EXPECT_EQ(made.ports()[0].port, 81);
  EXPECT_EQ(made.find(80, request("POST", "/promote")).name.route, "promote");
  EXPECT_FALSE(made.find(80, request("POST", "/promote")).whole_class);
}

// Random configurations and requests, for what the rules above have in common.
class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  bool one_in(size_t n) { return below(n) == 0; }
  size_t below(size_t n) { return random_() % n; }
  std::string of(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }

  std::string path() {
    std::string out = "/";
    for (size_t parts = below(4); parts > 0; parts--) out += of({"a", "b", "ab", "/", "a/", "7", std::string(62, 'x')});
    for (size_t at = out.find("//"); at != std::string::npos; at = out.find("//")) out.erase(at, 1);
    return out;
  }
  std::string host() { return of({"a", "b", "a.b", "A", "a:80", "c"}); }
  std::string method() { return of({"GET", "POST", "PURGE", "COPY", "get"}); }

  std::string matcher(bool by_head) {
    switch (below(by_head ? 9 : 5)) {
      case 0:
        return "Host(`" + of({"a", "b", "a.b"}) + "`)";
      case 1:
        return "Method(`" + method() + "`)";
      case 2:
        return "Path(`" + path() + "`)";
      case 5:
        return "PathRegexp(`" + of({"a", "^/a/[0-9]", "b$"}) + "`)";
      case 6:
        return "Header(`X-A`, `" + of({"1", "2"}) + "`)";
      case 7:
        return "Query(`q`, `" + of({"1", "2"}) + "`)";
      case 8:
        return of({"HostRegexp(`^a`)", "ClientIP(`192.0.2.8`)", "Header(`X-Forwarded-Server`, `x`)"});
      default:
        return "PathPrefix(`" + path() + "`)";
    }
  }

  std::string rule(bool by_head, size_t depth = 0) {
    const std::string negated = one_in(5) ? "!" : "";
    if (depth > 2 || one_in(3)) return negated + matcher(by_head);
    const std::string joined = rule(by_head, depth + 1) + (one_in(3) ? " || " : " && ") + rule(by_head, depth + 1);
    return negated + "(" + joined + ")";
  }

  Configuration configuration(bool by_head) {
    Configuration out = with_web();
    out.entrypoints["web"].options.cname_flattening = by_head && one_in(20);
    add_service(out, "t@file");
    if (one_in(20)) out.unread = {"the provider consul"};
    for (size_t i = 0, count = 1 + below(5); i < count; i++) {
      const std::string name = "r" + std::to_string(i);
      Router& router = add(out, name, one_in(20) ? "Weather(`rain`)" : rule(by_head), static_cast<int64_t>(below(4)));
      if (one_in(2)) router.service = "t@file";
      if (one_in(4)) add_below(out, name, name + "-below", rule(by_head));
    }
    return out;
  }

  std::vector<OperatorRoute> routes(bool by_head) {
    std::vector<OperatorRoute> out;
    for (size_t i = 0, count = below(4); i < count; i++) {
      const std::string parameter = by_head && one_in(3) ? of({"{id}", "{id}/a"}) : "";
      out.push_back({"o" + std::to_string(i), one_in(2) ? "" : method(), path() + parameter, one_in(2)});
    }
    return out;
  }

  RequestHead head() {
    RequestHead out = request(method(), path(), host());
    if (one_in(2)) out.target += of({"?", "?q=1", "?q=2", "?a//b"});
    if (one_in(2)) out.headers.push_back({"x-a", of({"1", "2"})});
    if (one_in(3)) out.client_ip = "192.0.2.8";
    if (one_in(10)) out.version_minor = 0;
    out.headers_complete = !one_in(10);
    return out;
  }

 private:
  std::mt19937 random_;
};

std::string host_of(const RequestHead& head) {
  std::string host = head.headers[0].value.substr(0, head.headers[0].value.find(':'));
  for (char& c : host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return host;
}

// What the kernel tells apart.
using Key = std::tuple<std::string, size_t, bool, std::string>;

Key key_of(const RouteClasses& classes, const RequestHead& head) {
  const bool named = head.method == "GET" || head.method == "POST";
  const auto path = classes.class_of(kWeb, head.target.substr(0, head.target.find('?')));
  return {named ? head.method : "EXTENSION_METHOD", path.literal, path.exact,
          classes.ports()[0].by_host ? host_of(head) : ""};
}

struct Seen {
  RequestHead head;
  RouteClasses::Found found;
};

std::string text(const RouteName& name) {
  std::string out = name.service + (name.direct ? " direct" : "") + " route " + name.route;
  for (const auto& router : name.routers) out += ", " + router.router + " " + router.service;
  return out;
}

void expect_same_names(const std::vector<Seen>& seen) {
  const auto whole = std::find_if(seen.begin(), seen.end(), [](const Seen& one) { return one.found.whole_class; });
  if (whole == seen.end()) return;
  for (const auto& one : seen) {
    EXPECT_EQ(text(one.found.name), text(whole->found.name))
        << whole->head.method << ' ' << whole->head.target << " and " << one.head.method << ' ' << one.head.target;
  }
}

TEST(RouteClasses, AWholeClassHasOneName) {
  size_t whole = 0;
  size_t asked = 0;
  for (uint32_t seed = 0; seed < 400 && !HasFailure(); seed++) {
    Dice dice(seed);
    const bool by_head = !dice.one_in(3);
    const auto configuration = dice.configuration(by_head);
    const auto made = classes(configuration, dice.routes(by_head), dice.one_in(8) ? 3 : kLiteralsMax);
    std::map<Key, std::vector<Seen>> by_class;
    for (size_t i = 0; i < 300; i++) {
      const RequestHead head = dice.head();
      auto found = made.find(kWeb, head);
      (found.whole_class ? whole : asked)++;
      const bool decided = head.headers_complete || !made.ports()[0].by_host;
      EXPECT_TRUE(found.whole_class || made.ports()[0].by_head || !decided) << head.method << ' ' << head.target;
      by_class[key_of(made, head)].push_back({head, std::move(found)});
    }
    for (const auto& [key, seen] : by_class) expect_same_names(seen);
    if (HasFailure()) {
      for (const auto& [name, router] : configuration.routers)
        ADD_FAILURE() << seed << ' ' << name << ' ' << router.rule;
    }
  }
  EXPECT_GT(whole, asked / 4);
  EXPECT_GT(asked, whole / 10);
}

TEST(RouteClasses, TakesTenThousandRouters) {
  Configuration configuration = with_web();
  for (int i = 0; i < 10000; i++) {
    const std::string number = std::to_string(i);
    add(configuration, "h" + number, "Host(`t" + number + ".example`) && PathPrefix(`/api`)");
  }
  const auto start = std::chrono::steady_clock::now();
  const auto made = classes(configuration, {{"promote", "POST", "/promote", false}});
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(made.ports()[0].literals, (Literals{"", "/api", "/promote"}));
  for (int i = 0; i < 10000; i++) {
    const std::string number = std::to_string(i);
    const auto found = made.find(kWeb, get("/api/x", "t" + number + ".example"));
    ASSERT_EQ(found.name.routers, (Routers{{"h" + number + "@file", "s@file"}}));
    ASSERT_TRUE(found.whole_class);
  }
  RecordProperty("microseconds", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace
}  // namespace mme::traefik

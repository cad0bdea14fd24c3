// SPDX-License-Identifier: Apache-2.0
#include "traefik/dynamic.h"

#include <gtest/gtest.h>

#include <chrono>

#include "traefik/api.h"

namespace mme::traefik {
namespace {

const Source kFile{SourceKind::file, "/etc/traefik/dynamic.yml", 0};

Configuration read(std::string_view text, FileFormat format = FileFormat::yaml) {
  auto configuration = parse_dynamic(text, format, kFile);
  EXPECT_TRUE(configuration) << (configuration ? "" : to_string(configuration.error().front()));
  return configuration ? *configuration : Configuration{};
}

std::vector<std::string> errors(std::string_view text) {
  const auto configuration = parse_dynamic(text, FileFormat::yaml, kFile);
  std::vector<std::string> out;
  if (configuration) return out;
  for (const auto& error : configuration.error()) out.push_back(to_string(error));
  return out;
}

TEST(ParseDynamic, ReadsRoutersAndServices) {
  const Configuration made = read(R"yaml(
http:
  routers:
    tagging:
      rule: Host(`mme.example`) && PathPrefix(`/promote`)
      entryPoints: [web, websecure]
      middlewares: [auth, limit@docker]
      service: mme-tagging
      priority: 12
    other: {rule: "Path(`/`)", service: elsewhere@docker, entrypoints: "a, b", tls: {}}
  services:
    mme-tagging:
      loadBalancer:
        servers:
          - url: http://10.0.0.5:8000
          - url: http://10.0.0.6:8000
    split: {weighted: {services: [{name: mme-tagging, weight: 3}, {name: x@docker}]}}
    copy: {mirroring: {service: mme-tagging, mirrors: [{name: split}]}}
    spare: {failover: {service: mme-tagging, fallback: split}}
  middlewares:
    auth: {basicAuth: {users: ["a:b"]}}
)yaml");
  const Router& router = made.routers.at("tagging@file");
  EXPECT_EQ(router.rule, "Host(`mme.example`) && PathPrefix(`/promote`)");
  EXPECT_EQ(router.entrypoints, (std::vector<std::string>{"web", "websecure"}));
  EXPECT_EQ(router.service, "mme-tagging@file");
  EXPECT_EQ(router.priority, 12);
  EXPECT_FALSE(router.tls);
  EXPECT_EQ(to_string(router.source), "file /etc/traefik/dynamic.yml:4");
  EXPECT_EQ(made.routers.at("other@file").service, "elsewhere@docker");
  EXPECT_EQ(made.routers.at("other@file").entrypoints, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(made.routers.at("other@file").tls);
  EXPECT_EQ(made.services.at("mme-tagging@file").servers,
            (std::vector<std::string>{"http://10.0.0.5:8000", "http://10.0.0.6:8000"}));
  EXPECT_EQ(made.services.at("split@file").children, (std::vector<std::string>{"mme-tagging@file", "x@docker"}));
  EXPECT_EQ(made.services.at("copy@file").children, (std::vector<std::string>{"mme-tagging@file", "split@file"}));
  EXPECT_EQ(made.services.at("spare@file").type, ServiceType::failover);
  EXPECT_TRUE(made.middlewares.contains("auth@file"));
}

TEST(ParseDynamic, ReadsToml) {
  const Configuration made = read(
      "[http.routers.a]\n  rule = \"Host(`a`)\"\n  service = \"s\"\n  [http.routers.a.tls]\n"
      "[[http.services.s.loadBalancer.servers]]\n  url = \"http://127.0.0.1:1\"\n",
      FileFormat::toml);
  EXPECT_EQ(made.routers.at("a@file").service, "s@file");
  EXPECT_TRUE(made.routers.at("a@file").tls);
  EXPECT_EQ(made.services.at("s@file").servers.size(), 1U);
}

TEST(ParseDynamic, RefusesWhatTraefikRefusesWithTheLine) {
  EXPECT_EQ(errors("http:\n  routers:\n    a:\n      rule: x\n      prioritiy: 1\n"),
            std::vector<std::string>{
                "file /etc/traefik/dynamic.yml:5: http.routers.a: prioritiy is no key that Traefik knows"});
  EXPECT_EQ(errors("http:\n  routers:\n    a: {rule: x, priority: high}\n"),
            std::vector<std::string>{
                "file /etc/traefik/dynamic.yml:3: http.routers.a.priority: \"high\" is not a whole number"});
  EXPECT_EQ(errors("a: 1\nhttp: {routers: {}}\nb: {{ .X }}\n"),
            std::vector<std::string>{
                "file /etc/traefik/dynamic.yml:3: the file is a Go template, which only Traefik can execute"});
  EXPECT_EQ(errors("http:\n  middlewares: {a: {plugin: {anything: {at: all}}}}\n"), std::vector<std::string>{});
}

TEST(ParseDynamic, NamesTcpRoutersWithoutTls) {
  const Configuration made = read(
      "tcp:\n  routers:\n    db: {rule: HostSNI(`*`), service: s, entryPoints: [mongo]}\n"
      "    any: {rule: HostSNI(`*`), service: s}\n    tls: {rule: HostSNI(`x`), service: s, tls: {}}\n");
  EXPECT_EQ(made.tcp_routers.size(), 2U);
  EXPECT_EQ(made.tcp_routers.at("mongo"), "db@file");
  EXPECT_EQ(made.tcp_routers.at(""), "any@file");
}

TEST(ParseDynamic, TakesTenThousandRouters) {
  std::string text = "http:\n  routers:\n";
  for (int i = 0; i < 10000; i++) {
    text += "    r" + std::to_string(i) + ":\n      rule: \"Host(`h" + std::to_string(i) +
            ".example`) && PathPrefix(`/api`)\"\n      service: s\n      entryPoints: [web]\n";
  }
  text += "  services:\n    s: {loadBalancer: {servers: [{url: http://127.0.0.1:1}]}}\n";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read(text).routers.size(), 10000U);
  const auto took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST(AddMissing, TheFirstFileWins) {
  Configuration into = read("http: {routers: {a: {rule: one, service: s}}}");
  add_missing(into, read("http: {routers: {a: {rule: two, service: s}, b: {rule: three, service: s}}}"));
  EXPECT_EQ(into.routers.at("a@file").rule, "one");
  EXPECT_EQ(into.routers.size(), 2U);
  EXPECT_EQ(into.diagnostics.size(), 1U);
}

// As Traefik 3.6.1 answers, shortened.
constexpr std::string_view kRawdata = R"json({
  "routers": {
    "api@internal": {"entryPoints": ["traefik"], "service": "api@internal", "rule": "PathPrefix(`/api`)",
                     "ruleSyntax": "default", "priority": 9223372036854775806, "status": "enabled", "using": ["traefik"]},
    "web-a@file": {"entryPoints": ["web"], "service": "s", "rule": "Host(`a`)", "priority": 9, "status": "enabled"},
    "bad@file": {"entryPoints": ["web"], "service": "gone", "rule": "Host(`b`)", "priority": 9,
                 "error": ["the service \"gone@file\" does not exist"], "status": "disabled"}
  },
  "middlewares": {"m@file": {"status": "enabled"}},
  "services": {
    "api@internal": {"status": "enabled", "usedBy": ["api@internal"]},
    "s@file": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}], "passHostHeader": true}, "status": "enabled",
               "usedBy": ["web-a@file"], "serverStatus": {"http://127.0.0.1:1": "UP", "http://127.0.0.1:2": "DOWN"}},
    "w@file": {"weighted": {"services": [{"name": "s", "weight": 1}]}, "status": "enabled"}
  },
  "tcpRouters": {"db@docker": {"entryPoints": ["mongo"], "rule": "HostSNI(`*`)", "status": "enabled"}}
})json";

TEST(ParseRawdata, SaysWhatRuns) {
  const auto made = parse_rawdata(kRawdata, {SourceKind::api, "http://127.0.0.1:8080", 0});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->routers.at("api@internal").priority, 9223372036854775806);
  EXPECT_EQ(made->routers.at("web-a@file").service, "s@file");
  EXPECT_EQ(made->routers.at("web-a@file").disabled, false);
  EXPECT_EQ(made->routers.at("bad@file").disabled, true);
  EXPECT_EQ(made->services.at("api@internal").type, ServiceType::internal);
  EXPECT_EQ(made->services.at("s@file").servers, std::vector<std::string>{"http://127.0.0.1:1"});
  EXPECT_FALSE(made->services.at("s@file").servers_up.at("http://127.0.0.1:2"));
  EXPECT_EQ(made->services.at("w@file").children, std::vector<std::string>{"s@file"});
  EXPECT_EQ(made->tcp_routers.at("mongo"), "db@docker");
  EXPECT_TRUE(made->diagnostics.empty());
}

TEST(ParseRawdata, RefusesOtherAnswers) {
  EXPECT_FALSE(parse_rawdata("<html>", {}));
  EXPECT_FALSE(parse_rawdata("[]", {}));
  EXPECT_FALSE(parse_rawdata("401 Unauthorized", {}));
  EXPECT_FALSE(parse_rawdata("\"no\"", {}));
  EXPECT_TRUE(parse_rawdata("{}", {}));
}

TEST(ParseEntrypoints, ReadsNamesAndOptions) {
  const auto made = parse_entrypoints(
      R"([{"address": ":80", "name": "web", "asDefault": true, "http": {"sanitizePath": false, "maxHeaderBytes": 1048576},
           "forwardedHeaders": {"trustedIPs": ["10.0.0.0/8"]}}, {"address": "[::1]:53/udp", "name": "dns"}])",
      {SourceKind::api, "", 0});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->entrypoints.at("web").port, 80);
  EXPECT_TRUE(made->entrypoints.at("web").as_default);
  EXPECT_FALSE(made->entrypoints.at("web").options.sanitize_path);
  EXPECT_EQ(made->entrypoints.at("web").options.forwarded_headers_trusted_ips, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(made->entrypoints.at("dns").host, "::1");
  EXPECT_TRUE(made->entrypoints.at("dns").udp);
  EXPECT_FALSE(parse_entrypoints("{}", {}));
}

}  // namespace
}  // namespace mme::traefik

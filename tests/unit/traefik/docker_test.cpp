// SPDX-License-Identifier: Apache-2.0
#include "traefik/docker.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

const Source kEngine{SourceKind::docker, "/var/run/docker.sock", 0};

// As Docker 20.10 answers, shortened.
constexpr std::string_view kInspect = R"json({
  "Id": "6ad5c1f4", "Name": "/mme-tagging", "State": {"Status": "running", "Running": true, "Health": null},
  "HostConfig": {"NetworkMode": "bridge"},
  "Config": {"Labels": {"traefik.http.routers.tagging.rule": "PathPrefix(`/promote`)", "other": "x"}, "ExposedPorts": {}},
  "NetworkSettings": {
    "Ports": {"9000/tcp": null, "8000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}]},
    "Networks": {"bridge": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": ""}}}
})json";

DockerContainer container(std::map<std::string, std::string> labels = {}, const std::string& name = "mme-tagging") {
  auto made = parse_container(kInspect, kEngine);
  EXPECT_TRUE(made);
  made->labels = std::move(labels);
  made->name = "/" + name;
  made->id = name;
  return *made;
}

Configuration built(const std::vector<DockerContainer>& containers, const DockerProvider& provider = {}) {
  return docker_configuration(containers, provider, "");
}

TEST(ParseContainer, ReadsWhatTheEngineSays) {
  const auto made = parse_container(kInspect, kEngine);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name, "/mme-tagging");
  EXPECT_EQ(made->status, "running");
  EXPECT_EQ(made->health, "");
  EXPECT_EQ(made->labels.at("other"), "x");
  EXPECT_EQ(made->networks.at("bridge"), "172.17.0.2");
  EXPECT_EQ(made->ports.at("8000/tcp").front().host_port, "32768");
  EXPECT_FALSE(parse_container(R"({"message": "No such container: a"})", kEngine));
  EXPECT_EQ(parse_container_list(R"([{"Id": "a"}, {"Id": "b"}])", kEngine).value(),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parse_container_list(R"({"message": "denied"})", kEngine).error().front().problem, "denied");
}

TEST(DockerConfiguration, MakesEverythingOfNoLabels) {
  const Configuration made = built({container()});
  EXPECT_EQ(made.routers.at("mme-tagging@docker").rule, "Host(`mme-tagging`)");
  EXPECT_EQ(made.routers.at("mme-tagging@docker").service, "mme-tagging@docker");
  EXPECT_TRUE(made.routers.at("mme-tagging@docker").default_rule);
  EXPECT_EQ(made.services.at("mme-tagging@docker").servers, std::vector<std::string>{"http://172.17.0.2:8000"});
  EXPECT_EQ(to_string(made.routers.at("mme-tagging@docker").source), "docker container mme-tagging");
}

TEST(DockerConfiguration, ReadsLabels) {
  const Configuration made = built({container({{"traefik.http.routers.tagging.rule", "PathPrefix(`/promote`)"},
                                               {"traefik.http.routers.tagging.entrypoints", "web,websecure"},
                                               {"traefik.http.routers.tagging.middlewares", "limit"},
                                               {"traefik.http.middlewares.limit.ratelimit.average", "5"},
                                               {"traefik.http.services.mme-tagging.loadbalancer.server.port", "9000"},
                                               {"traefik.http.services.mme-tagging.loadbalancer.server.scheme", "h2c"}},
                                              "some_name")});
  const Router& router = made.routers.at("tagging@docker");
  EXPECT_EQ(router.rule, "PathPrefix(`/promote`)");
  EXPECT_EQ(router.entrypoints, (std::vector<std::string>{"web", "websecure"}));
  EXPECT_EQ(router.service, "mme-tagging@docker");
  EXPECT_EQ(made.services.at("mme-tagging@docker").servers, std::vector<std::string>{"h2c://172.17.0.2:9000"});
  EXPECT_EQ(made.services.size(), 1U);
  EXPECT_TRUE(made.middlewares.contains("limit@docker"));
}

TEST(DockerConfiguration, ExposesOnlyWhatItShould) {
  EXPECT_TRUE(built({container({{"traefik.enable", "false"}})}).routers.empty());
  DockerProvider provider;
  provider.exposed_by_default = false;
  EXPECT_TRUE(built({container()}, provider).routers.empty());
  EXPECT_EQ(built({container({{"traefik.enable", "true"}})}, provider).routers.size(), 1U);
  DockerContainer stopped = container();
  stopped.status = "exited";
  EXPECT_TRUE(built({stopped}).services.empty());
  stopped.labels["traefik.docker.allownonrunning"] = "true";
  EXPECT_TRUE(built({stopped}).services.at("mme-tagging@docker").servers.empty());
  DockerContainer starting = container();
  starting.health = "starting";
  EXPECT_TRUE(built({starting}).services.empty());
  provider.exposed_by_default = true;
  provider.allow_empty_services = true;
  EXPECT_TRUE(built({starting}, provider).services.at("mme-tagging@docker").servers.empty());
}

TEST(DockerConfiguration, SkipsAContainerWithABadLabel) {
  const Configuration made = built({container({{"traefik.http.routers.a.rool", "x"}}),
                                    container({{"traefik.enable", "perhaps"}}, "b"), container({}, "good")});
  EXPECT_EQ(made.routers.size(), 1U);
  ASSERT_EQ(made.diagnostics.size(), 2U);
  EXPECT_EQ(to_string(made.diagnostics[0]),
            "docker container mme-tagging: traefik.http.routers.a: rool is no key that Traefik knows");
}

TEST(DockerConfiguration, JoinsReplicasAndRefusesContradictions) {
  const std::map<std::string, std::string> compose = {{"com.docker.compose.project", "mme"},
                                                      {"com.docker.compose.service", "tagging"}};
  DockerContainer second = container(compose, "mme-tagging-2");
  second.networks["bridge"] = "172.17.0.3";
  const Configuration made = built({container(compose, "mme-tagging-1"), second});
  EXPECT_EQ(made.routers.at("tagging-mme@docker").rule, "Host(`tagging-mme`)");
  EXPECT_EQ(made.services.at("tagging-mme@docker").servers,
            (std::vector<std::string>{"http://172.17.0.2:8000", "http://172.17.0.3:8000"}));

  const Configuration torn = built({container({{"traefik.http.routers.r.rule", "Host(`a`)"}}, "a"),
                                    container({{"traefik.http.routers.r.rule", "Host(`b`)"}}, "b")});
  EXPECT_TRUE(torn.routers.empty());
  EXPECT_EQ(torn.services.size(), 2U);
  EXPECT_EQ(torn.diagnostics.size(), 1U);
}

TEST(DockerConfiguration, FindsAddressesInNetworks) {
  DockerContainer two = container();
  two.networks["mme"] = "10.1.0.9";
  DockerProvider provider;
  EXPECT_EQ(built({two}, provider).services.at("mme-tagging@docker").servers.size(), 2U);
  provider.network = "mme";
  EXPECT_EQ(built({two}, provider).services.at("mme-tagging@docker").servers.front(), "http://10.1.0.9:8000");
  two.labels["traefik.docker.network"] = "bridge";
  EXPECT_EQ(built({two}, provider).services.at("mme-tagging@docker").servers.front(), "http://172.17.0.2:8000");

  DockerContainer host = container({}, "host");
  host.network_mode = "host";
  host.networks.clear();
  EXPECT_EQ(built({host}).services.at("host@docker").servers.front(), "http://127.0.0.1:8000");
  DockerContainer sidecar = container({}, "sidecar");
  sidecar.network_mode = "container:mme-tagging";
  sidecar.networks.clear();
  EXPECT_EQ(built({container(), sidecar}).services.at("sidecar@docker").servers.front(), "http://172.17.0.2:8000");
  DockerContainer six = container({}, "six");
  six.networks["bridge"] = "fd00::2";
  EXPECT_EQ(built({six}).services.at("six@docker").servers.front(), "http://[fd00::2]:8000");
  six.networks.clear();
  EXPECT_TRUE(built({six}).services.empty());
}

TEST(DockerConfiguration, UsesBoundPortsWhenTold) {
  DockerProvider provider;
  provider.use_bind_port_ip = true;
  DockerContainer bound = container();
  EXPECT_EQ(built({bound}, provider).services.at("mme-tagging@docker").servers.front(), "http://172.17.0.2:8000");
  bound.ports["8000/tcp"].front().host_ip = "192.0.2.1";
  EXPECT_EQ(built({bound}, provider).services.at("mme-tagging@docker").servers.front(), "http://192.0.2.1:32768");
}

TEST(FillDefaultRule, ReadsSimpleTemplates) {
  const DockerContainer made = container({{"tenant", "Acme"}}, "MME_Tagging.1");
  EXPECT_EQ(fill_default_rule("Host(`{{ normalize .Name }}`)", made), "Host(`MME-Tagging-1`)");
  EXPECT_EQ(fill_default_rule("Host(`{{ .ContainerName | lower }}.x`)", made), "Host(`mme_tagging.1.x`)");
  EXPECT_EQ(fill_default_rule("Host(`{{ trimPrefix `MME-` .Name }}.{{ index .Labels \"tenant\" }}`)", made),
            "Host(`Tagging-1.Acme`)");
  EXPECT_EQ(fill_default_rule("Host(`{{ .Name | replace \"-\" \"_\" }}`)", made), "Host(`MME_Tagging_1`)");
  EXPECT_EQ(fill_default_rule("PathPrefix(`/`)", made), "PathPrefix(`/`)");
  for (const auto* rule : {"{{ if .Name }}a{{ end }}", "{{- .Name }}", "{{ printf \"%s\" .Name }}", "{{ .Name", "{{ }}",
                           "{{ (index .Labels \"a\") }}"}) {
    EXPECT_FALSE(fill_default_rule(rule, made)) << rule;
  }
  DockerProvider provider;
  provider.default_rule = "Host(`{{ if .Name }}a{{ end }}`)";
  EXPECT_FALSE(built({container()}, provider).routers.begin()->second.rule_problem.empty());
}

}  // namespace
}  // namespace mme::traefik

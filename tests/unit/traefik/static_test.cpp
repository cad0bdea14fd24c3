// SPDX-License-Identifier: Apache-2.0
#include "traefik/static.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

const Source kStatic{SourceKind::static_config, "traefik.yml", 0};

StaticConfiguration arguments(const std::vector<std::string>& given) {
  auto made = parse_static_arguments(given, kStatic);
  EXPECT_TRUE(made) << (made ? "" : to_string(made.error().front()));
  return made ? *made : StaticConfiguration{};
}

std::vector<std::string> names(const Configuration& configuration) {
  std::vector<std::string> out;
  for (const auto& [name, router] : configuration.routers) out.push_back(name);
  return out;
}

TEST(StaticPlaces, AreTriedInTraefiksOrder) {
  const StaticPlaces given = static_places({"--configFile=/x/t.yml", "--api"}, {"HOME=/root", "XDG_CONFIG_HOME=/c"});
  EXPECT_EQ(given.files.front(), "/x/t.yml");
  EXPECT_EQ(given.files.size(), 13U);
  EXPECT_EQ(given.files[1], "/etc/traefik/traefik.toml");
  EXPECT_EQ(given.files[4], "/c/traefik.toml");
  EXPECT_EQ(given.files[8], "/root/.config/traefik.yaml");
  EXPECT_EQ(given.files.back(), "./traefik.yml");
  EXPECT_TRUE(given.arguments);
  EXPECT_FALSE(static_places({}, {}).arguments);
  EXPECT_EQ(static_places({"--configfile", "$DIR/${FILE}.toml"}, {"DIR=/d", "FILE=f"}).files.front(), "/d/f.toml");
}

TEST(ParseStaticArguments, ReadsFlagsInEveryForm) {
  const StaticConfiguration made =
      arguments({"--entryPoints.web.address=:80", "--entrypoints.Web.http.redirections.entryPoint.to=websecure",
                 "-entrypoints.websecure.address=:443", "--entrypoints.websecure.http.tls", "--api.insecure", "--ping",
                 "--providers.docker", "--providers.docker.exposedbydefault=false", "--providers.docker.network", "mme",
                 "--providers.file.directory=/etc/dynamic", "--metrics.prometheus=true",
                 "--metrics.prometheus.entrypoint=web", "--entrypoints.web.forwardedheaders.trustedips=10.0.0.0/8",
                 "--entrypoints.web.forwardedheaders.trustedips=192.168.0.1, ::1", "--log.level=DEBUG"});
  EXPECT_EQ(made.entrypoints.size(), 3U);  // and traefik for the API
  EXPECT_EQ(made.entrypoints.at("web").port, 80);
  EXPECT_EQ(made.entrypoints.at("web").options.forwarded_headers_trusted_ips,
            (std::vector<std::string>{"10.0.0.0/8", "192.168.0.1", "::1"}));
  EXPECT_TRUE(made.entrypoints.at("websecure").tls);
  EXPECT_EQ(made.entrypoints.at("traefik").port, 8080);
  EXPECT_EQ(made.redirections.at("web").to, "websecure");
  EXPECT_TRUE(made.api_insecure);
  EXPECT_FALSE(made.docker->exposed_by_default);
  EXPECT_EQ(made.docker->network, "mme");
  EXPECT_EQ(made.file->directory, "/etc/dynamic");
  EXPECT_EQ(made.prometheus->entrypoint, "web");
  EXPECT_TRUE(made.other_providers.empty());
}

TEST(ParseStaticArguments, WantAnEqualsSignBelowEntrypoints) {
  // As Traefik: "true" is no address, and the flags end at :443.
  EXPECT_FALSE(parse_static_arguments({"--entrypoints.web.address", ":443", "--api"}, kStatic));
}

TEST(ParseStaticArguments, MakesTheDefaultEntrypoint) {
  EXPECT_EQ(arguments({"--providers.docker"}).entrypoints.at("http").port, 80);
  EXPECT_EQ(arguments({"--providers.consul", "--providers.plugin.x.a=b"}).other_providers,
            (std::vector<std::string>{"consul", "plugin x"}));
}

TEST(ParseStaticEnvironment, ReadsVariables) {
  const auto made = parse_static_environment(
      {"HOME=/", "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:8000", "TRAEFIK_PROVIDERS_DOCKER=true", "TRAEFIK_PING=true"},
      kStatic);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->entrypoints.at("web").port, 8000);
  EXPECT_TRUE(made->docker);
  EXPECT_TRUE(made->ping);
}

TEST(ParseStaticFile, ReportsWithTheLine) {
  const auto broken = parse_static_file("entryPoints:\n  web:\n    address: eighty\napi:\n  insecure: maybe\n",
                                        FileFormat::yaml, kStatic);
  ASSERT_FALSE(broken);
  ASSERT_EQ(broken.error().size(), 2U);
  EXPECT_EQ(to_string(broken.error()[0]), "static traefik.yml:2: entrypoint web: \"eighty\" is no address");
  EXPECT_EQ(to_string(broken.error()[1]), "static traefik.yml:5: insecure: \"maybe\" is neither true nor false");
  EXPECT_FALSE(parse_static_file("a: [", FileFormat::yaml, kStatic));
  const auto toml =
      parse_static_file("[entryPoints.web]\naddress = \":81\"\n[api]\ndashboard = false\n", FileFormat::toml, kStatic);
  ASSERT_TRUE(toml);
  EXPECT_EQ(toml->entrypoints.at("web").port, 81);
  EXPECT_TRUE(toml->api);
  EXPECT_FALSE(toml->api_dashboard);
}

TEST(InternalConfiguration, HasTraefiksOwnRouters) {
  const Configuration made = internal_configuration(
      arguments({"--entrypoints.web.address=:80", "--entrypoints.web.http.redirections.entrypoint.to=web-secure_1",
                 "--entrypoints.web-secure_1.address=:443", "--entrypoints.old.address=:81",
                 "--entrypoints.old.http.redirections.entrypoint.to=:8443",
                 "--entrypoints.old.http.redirections.entrypoint.priority=5", "--entrypoints.lost.address=:82",
                 "--entrypoints.lost.http.redirections.entrypoint.to=gone", "--api.insecure=true", "--api.debug",
                 "--ping", "--metrics.prometheus", "--providers.rest.insecure",
                 "--certificatesresolvers.le.acme.httpchallenge.entrypoint=web"}));
  EXPECT_EQ(names(made),
            (std::vector<std::string>{"acme-http@internal", "api@internal", "dashboard@internal", "debug@internal",
                                      "old-to-8443@internal", "ping@internal", "prometheus@internal", "rest@internal",
                                      "web-to-web-secure-1@internal"}));
  EXPECT_EQ(made.routers.at("web-to-web-secure-1@internal").priority, std::numeric_limits<int64_t>::max() - 1);
  EXPECT_EQ(made.routers.at("web-to-web-secure-1@internal").service, "noop@internal");
  EXPECT_EQ(made.routers.at("old-to-8443@internal").priority, 5);
  EXPECT_EQ(made.diagnostics.size(), 1U);
  EXPECT_EQ(made.unread, std::vector<std::string>{"the provider rest"});
}

}  // namespace
}  // namespace mme::traefik

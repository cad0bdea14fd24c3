// SPDX-License-Identifier: Apache-2.0
#include "traefik/own_metrics.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

const Source kStatic{SourceKind::static_config, "t.yml", 0};

std::optional<OwnMetrics> of_file(std::string_view text) {
  const auto made = parse_static_file(text, FileFormat::yaml, kStatic);
  EXPECT_TRUE(made);
  return own_metrics(made.value_or(StaticConfiguration{}));
}

std::optional<OwnMetrics> of_arguments(const std::vector<std::string>& arguments) {
  const auto made = parse_static_arguments(arguments, kStatic);
  EXPECT_TRUE(made);
  return own_metrics(made.value_or(StaticConfiguration{}));
}

std::optional<OwnMetrics> of_environment(const std::vector<std::string>& environment) {
  const auto made = parse_static_environment(environment, kStatic);
  EXPECT_TRUE(made);
  return own_metrics(made.value_or(StaticConfiguration{}));
}

OwnMetrics metrics(std::string entrypoint, uint16_t port, int line = 0) {
  return {std::move(entrypoint), port, {SourceKind::static_config, "t.yml", line}};
}

TEST(OwnMetrics, OfAFile) {
  EXPECT_EQ(of_file("entryPoints:\n  scrape: {address: ':8082'}\nmetrics:\n  prometheus: {entryPoint: scrape}\n"),
            metrics("scrape", 8082, 4));
  EXPECT_EQ(of_file("metrics: {prometheus: {}}"), metrics("traefik", 8080, 1));
  EXPECT_EQ(of_file("entryPoints: {traefik: {address: '127.0.0.1:9'}}\nmetrics: {prometheus: {}}"),
            metrics("traefik", 9, 2));
  EXPECT_EQ(of_file("metrics: {prometheus: false}"), std::nullopt);
  EXPECT_EQ(of_file("metrics: {statsD: {}}"), std::nullopt);
  EXPECT_EQ(of_file("log: {level: INFO}"), std::nullopt);
}

TEST(OwnMetrics, OfArguments) {
  EXPECT_EQ(of_arguments({"--entrypoints.scrape.address=:8082", "--metrics.prometheus.entrypoint=scrape"}),
            metrics("scrape", 8082));
  EXPECT_EQ(of_arguments({"--metrics.prometheus"}), metrics("traefik", 8080));
  EXPECT_EQ(of_arguments({"--metrics.prometheus=false"}), std::nullopt);
  EXPECT_EQ(of_arguments({"--api"}), std::nullopt);
}

TEST(OwnMetrics, OfTheEnvironment) {
  EXPECT_EQ(of_environment({"TRAEFIK_METRICS_PROMETHEUS=true"}), metrics("traefik", 8080));
  EXPECT_EQ(
      of_environment({"TRAEFIK_ENTRYPOINTS_SCRAPE_ADDRESS=:8082", "TRAEFIK_METRICS_PROMETHEUS_ENTRYPOINT=scrape"}),
      metrics("scrape", 8082));
  EXPECT_EQ(of_environment({"TRAEFIK_PING=true"}), std::nullopt);
}

TEST(OwnMetrics, WhereTheirPortIsNotKnown) {
  EXPECT_EQ(of_arguments({"--metrics.prometheus.manualrouting=true"}), metrics("", 0));
  EXPECT_EQ(of_arguments({"--metrics.prometheus.entrypoint=gone"}), metrics("gone", 0));
}

TEST(OwnMetrics, InWords) {
  EXPECT_EQ(where(metrics("scrape", 8082, 4)), "on entrypoint scrape (:8082; static t.yml:4)");
  EXPECT_EQ(where(metrics("gone", 0)), "on entrypoint gone (static t.yml)");
  EXPECT_EQ(where(metrics("", 0)), "by a router of its own (manualRouting; static t.yml)");
}

}  // namespace
}  // namespace mme::traefik

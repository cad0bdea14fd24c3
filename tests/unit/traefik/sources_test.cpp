// SPDX-License-Identifier: Apache-2.0
#include "traefik/sources.h"

#include <gtest/gtest.h>

#include "fake_process.h"

namespace mme::traefik {
namespace {

class SourcesTest : public FakeProcess {
 protected:
  [[nodiscard]] Names names() const {
    return ProcessSources(7, {}, proc()).refresh(ProcessSources::Clock::now()).names;
  }
};

TEST_F(SourcesTest, OwnMetricsOfTheOnePlaceThatTraefikReads) {
  EXPECT_EQ(names().own_metrics, std::nullopt);
  process({"traefik"}, {"TRAEFIK_METRICS_PROMETHEUS=true"});
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "on entrypoint traefik (:8080; static environment of 7)");
  process({"traefik", "--metrics.prometheus.manualrouting"}, {});
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "by a router of its own (manualRouting; static arguments of 7)");
  write("root/work/traefik.yml", "entryPoints: {m: {address: ':8082'}}\nmetrics: {prometheus: {entryPoint: m}}");
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "on entrypoint m (:8082; static ./traefik.yml:2)");
}

TEST_F(SourcesTest, OwnMetricsOfWhatCannotBeReadAreNotKnown) {
  process({"traefik", "--metrics.prometheus"}, {});
  write("root/work/traefik.yml", "metrics: {prometheus: {");
  EXPECT_EQ(names().own_metrics, std::nullopt);
  EXPECT_FALSE(names().problems.empty());
}

}  // namespace
}  // namespace mme::traefik

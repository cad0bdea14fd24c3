// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace mme {
namespace {

using Keys = std::vector<std::string>;

constexpr std::string_view kEverythingElse = R"(
web: {listen: "127.0.0.1:1"}
targets: {traefik: [], mongod: [{pid: 7}]}
routes: [{name: a, path: /a}]
compat: {traefik: off}
histogram: {bounds: [1]}
limits: {series_per_family: 100, connections: 200}
slow: {literals: true}
log: {level: debug, format: json}
)";

TEST(Compare, NothingDiffers) {
  EXPECT_TRUE(compare(Config{}, config_of("")).empty());
}

TEST(Compare, NamesEveryKey) {
  const ConfigDifference difference = compare(Config{}, config_of(kEverythingElse));
  EXPECT_EQ(difference.reloadable, (Keys{"targets", "routes", "compat.traefik", "slow", "log.level", "log.format"}));
  EXPECT_EQ(difference.restart,
            (Keys{"web.listen", "histogram.bounds", "limits.series_per_family", "limits.connections"}));
}

TEST(Compare, OneKey) {
  EXPECT_EQ(compare(Config{}, config_of("targets: {mongod: [{process: mongod, ports: [27017]}]}")).reloadable,
            Keys{"targets"});
  EXPECT_EQ(compare(Config{}, config_of("routes: []")).reloadable, Keys{"routes"});
  for (const char* key :
       {"threshold: 1s", "overrides: {mme: 1s}", "file: /a", "max_size: 1MiB", "files: 1", "literals: true"})
    EXPECT_EQ(compare(Config{}, config_of("slow: {" + std::string(key) + "}")).reloadable, Keys{"slow"}) << key;
  EXPECT_EQ(compare(Config{}, config_of("limits: {connections: 100}")).restart, Keys{"limits.connections"});
}

TEST(Reloaded, TakesOnlyWhatNeedsNoRestart) {
  const Config running;
  const Config wanted = config_of(kEverythingElse);
  const Config next = reloaded(running, wanted);
  EXPECT_TRUE(compare(next, wanted).reloadable.empty());
  EXPECT_TRUE(compare(running, next).restart.empty());
  EXPECT_EQ(next.targets, wanted.targets);
  EXPECT_EQ(next.routes, wanted.routes);
  EXPECT_EQ(next.compat_traefik, CompatTraefik::off);
  EXPECT_EQ(next.slow, wanted.slow);
  EXPECT_EQ(next.log_format, LogFormat::json);
  EXPECT_EQ(next.listen, running.listen);
}

}  // namespace
}  // namespace mme

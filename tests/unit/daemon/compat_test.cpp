// SPDX-License-Identifier: Apache-2.0
#include "daemon/compat.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

const std::vector<TargetMetrics> kNone;
const std::vector<TargetMetrics> kOwn = {{"front", {"scrape", 8082, {traefik::SourceKind::static_config, "t.yml", 4}}}};

Target listening(std::vector<uint16_t> ports) {
  Target target;
  for (const uint16_t port : ports) target.listeners.push_back({"::", port, ""});
  return target;
}

TEST(Compat, ServedWhereTheProcessListens) {
  const traefik::OwnMetrics at_8082{"scrape", 8082, {}};
  EXPECT_TRUE(serves(listening({80, 8082}), at_8082));
  EXPECT_FALSE(serves(listening({80}), at_8082));
  EXPECT_FALSE(serves(listening({}), at_8082));
}

TEST(Compat, ServedWhereThatCannotBeTold) {
  EXPECT_TRUE(serves(listening({80}), {"gone", 0, {}}));
  EXPECT_TRUE(serves(listening({80}), {"", 0, {}}));  // manualRouting
  Target target = listening({80});
  target.only_given_ports = true;
  EXPECT_TRUE(serves(target, {"scrape", 8082, {}}));
}

TEST(Compat, FamiliesByTheKeyAndByWhatTraefikServes) {
  EXPECT_TRUE(serves_traefik_families(CompatTraefik::automatic, kNone));
  EXPECT_FALSE(serves_traefik_families(CompatTraefik::automatic, kOwn));
  EXPECT_TRUE(serves_traefik_families(CompatTraefik::on, kNone));
  EXPECT_TRUE(serves_traefik_families(CompatTraefik::on, kOwn));
  EXPECT_FALSE(serves_traefik_families(CompatTraefik::off, kNone));
  EXPECT_FALSE(serves_traefik_families(CompatTraefik::off, kOwn));
}

TEST(Compat, Notes) {
  EXPECT_EQ(compat_notes(CompatTraefik::automatic, kOwn),
            (std::vector<std::string>{
                "front: serves its own metrics on entrypoint scrape (:8082; static t.yml:4): the traefik_* families "
                "are left out (compat.traefik: auto); set compat.traefik to on to have both"}));
  EXPECT_EQ(compat_notes(CompatTraefik::on, kOwn),
            (std::vector<std::string>{
                "front: serves its own metrics on entrypoint scrape (:8082; static t.yml:4): where both are scraped, "
                "sums over the traefik_* families are double (compat.traefik: on); set compat.traefik to auto to leave "
                "the agent's out"}));
  EXPECT_TRUE(compat_notes(CompatTraefik::off, kOwn).empty());
  for (const auto compat : {CompatTraefik::automatic, CompatTraefik::on, CompatTraefik::off})
    EXPECT_TRUE(compat_notes(compat, kNone).empty());
}

TEST(Compat, Checks) {
  for (const auto compat : {CompatTraefik::automatic, CompatTraefik::on}) {
    const auto checks = check_compat(compat, kOwn);
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].check, "traefik metrics");
    EXPECT_EQ(checks[0].status, CheckStatus::warn);
    EXPECT_FALSE(checks[0].mend.empty());
    EXPECT_EQ(exit_code(checks), 0);
  }
  EXPECT_EQ(check_compat(CompatTraefik::off, kOwn)[0].status, CheckStatus::ok);
  ASSERT_EQ(check_compat(CompatTraefik::automatic, kNone).size(), 1U);
  EXPECT_EQ(check_compat(CompatTraefik::automatic, kNone)[0].status, CheckStatus::ok);
}

}  // namespace
}  // namespace mme

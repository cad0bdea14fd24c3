// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "discovery/host_checks.h"
#include "discovery/target.h"
#include "traefik/own_metrics.h"

// What compat.traefik makes of Traefik's own metrics. Pure.
namespace mme {

struct TargetMetrics {
  std::string target;  // Target::name
  traefik::OwnMetrics metrics;
};

// Whether the process listens where its metrics are; where that cannot be told, that it does.
[[nodiscard]] bool serves(const Target& target, const traefik::OwnMetrics& metrics);

// Whether the agent serves the families named traefik_… beside those of `own`.
[[nodiscard]] bool serves_traefik_families(CompatTraefik compat, const std::vector<TargetMetrics>& own);

// A sentence for each of `own` that the operator should know.
[[nodiscard]] std::vector<std::string> compat_notes(CompatTraefik compat, const std::vector<TargetMetrics>& own);

// The same for the doctor, with the mend; one that nothing is wrong with where `own` is empty.
[[nodiscard]] std::vector<Check> check_compat(CompatTraefik compat, const std::vector<TargetMetrics>& own);

}  // namespace mme

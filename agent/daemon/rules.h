// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/config.h"
#include "discovery/rules.h"
#include "kernel/observer.h"
#include "traefik/route_classes.h"
#include "traefik/sources.h"

namespace mme {

// What discovery looks for.
[[nodiscard]] std::vector<TargetRule> target_rules(const Config& config);

// What the configuration says of the names of each target, in the order of target_rules().
[[nodiscard]] std::vector<traefik::GivenNames> given_names(const Config& config);

// The routes that the operator wants to see.
[[nodiscard]] std::vector<traefik::OperatorRoute> operator_routes(const Config& config);

// What sizes the kernel maps.
[[nodiscard]] ObserverSettings observer_settings(const Config& config);

}  // namespace mme

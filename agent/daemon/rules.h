// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/config.h"
#include "discovery/rules.h"
#include "kernel/observer.h"

namespace mme {

// What discovery looks for.
[[nodiscard]] std::vector<TargetRule> target_rules(const Config& config);

// What sizes the kernel maps.
[[nodiscard]] ObserverSettings observer_settings(const Config& config);

}  // namespace mme

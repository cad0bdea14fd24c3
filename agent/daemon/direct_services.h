// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "traefik/model.h"

namespace mme {

using Services = std::set<std::string, std::less<>>;

// Services that alone answer every request which reaches them: no middleware of a router or its parents can answer
// instead, and no router has other services beside them. `configuration` is after `resolved`; where it is not all there
// is, none.
[[nodiscard]] Services direct_services(const traefik::Configuration& configuration);

// Those of `services` that are among `direct`.
[[nodiscard]] std::vector<std::string> those_of(const std::vector<std::string>& services, const Services& direct);

}  // namespace mme

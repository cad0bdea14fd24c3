// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "traefik/model.h"

namespace mme::traefik {

// Several sources in the order of trust, the first wins name by name. Once one of them is Traefik's API, which says all
// that runs, routers and services of later sources are left out; entrypoints and their options are still taken.
[[nodiscard]] Configuration merged(std::vector<Configuration> sources);

// What Traefik makes of a merged configuration before it routes: default entrypoints, and what routers inherit from
// their entrypoints ("web-tagging@file" where a router is on several). Routers from the API are so already.
[[nodiscard]] Configuration resolved(Configuration configuration);

}  // namespace mme::traefik

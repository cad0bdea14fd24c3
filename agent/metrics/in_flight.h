// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/links.h"
#include "mme/abi.h"

namespace mme {

// Requests that are not answered yet, of all targets, under the names of now.
struct InFlight {
  std::map<std::string, uint64_t> entrypoints;
  std::map<LinkNames, uint64_t> servers;  // by service and URL
};

// As many as the map `links` has room for; further ones are `_other`.
inline constexpr size_t kInFlightLinks = 256;

// Idle entrypoints and servers have 0: each entrypoint of the context's targets, and each server of `links`.
[[nodiscard]] InFlight resolve_in_flight(const std::vector<mme_in_flight>& raw, const Links& links,
                                         const ResolveContext& context);

}  // namespace mme

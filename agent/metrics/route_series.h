// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/snapshot.h"

namespace mme {

// What entrypoints counted, by where Traefik sends it. `raw` is all that the kernel counted, with what the ledger has
// settled. Requests over the cap (`_other`) have no route. Ascending by labels, the target last.

// A series for each router that counts a request.
[[nodiscard]] std::vector<HttpSeries> router_series(const KernelSnapshot& raw, const ResolveContext& context);

// Of requests that the operator has a name for; without `protocol`.
[[nodiscard]] std::vector<HttpSeries> route_series(const KernelSnapshot& raw, const ResolveContext& context);

}  // namespace mme

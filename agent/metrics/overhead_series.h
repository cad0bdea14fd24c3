// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/network_times.h"

namespace mme {

// What Traefik itself needed for requests of a route, as in struct mme_series_key.
struct RawOverhead {
  uint16_t route = 0;
  NetworkTimes times = {};
  uint64_t ambiguous = 0;  // of them, those that may belong in another bucket
};

struct OverheadSeries {
  std::string router, service;
  NetworkTimes times;
  uint64_t ambiguous = 0;
};

// By each router that counts the requests; ascending by its labels.
[[nodiscard]] std::vector<OverheadSeries> overhead_series(const std::vector<RawOverhead>& raw,
                                                          const ResolveContext& context);

}  // namespace mme

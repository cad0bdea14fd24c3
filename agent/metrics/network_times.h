// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mme/limits.h"

namespace mme {

struct HistogramSample;

// Short times: round trips, connection set-ups, what Traefik itself needs.
struct NetworkTimes {
  std::array<uint64_t, MME_NETWORK_BOUNDS + 1> counts{};  // by mme_network_bound_index(), not cumulative
  uint64_t sum_ns = 0;

  [[nodiscard]] static size_t bucket(uint64_t ns);
  void add(uint64_t ns);
  void add(const NetworkTimes& other);
  [[nodiscard]] uint64_t count() const;
};

[[nodiscard]] const std::vector<double>& network_bounds_s();
[[nodiscard]] HistogramSample histogram(const NetworkTimes& times);

}  // namespace mme

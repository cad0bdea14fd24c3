// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "metrics/snapshot.h"
#include "mme/abi.h"

namespace mme {

// Counts what the agent itself times, with the kernel's bounds and buckets.
class LatencyCount {
 public:
  explicit LatencyCount(const std::vector<double>& bounds_s);

  // A latency of no exchange.
  [[nodiscard]] Latency none() const;
  void count(uint64_t duration_ns, Latency& latency) const;

 private:
  std::array<__u64, MME_BOUNDS_MAX> bounds_ns_{};  // as the kernel has them
  uint32_t bounds_;
};

}  // namespace mme

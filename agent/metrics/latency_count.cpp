// SPDX-License-Identifier: Apache-2.0
#include "metrics/latency_count.h"

#include <algorithm>
#include <cmath>

#include "mme/histogram.h"

namespace mme {

LatencyCount::LatencyCount(const std::vector<double>& bounds_s)
    : bounds_(static_cast<uint32_t>(std::min(bounds_s.size(), bounds_ns_.size()))) {
  for (uint32_t i = 0; i < bounds_; ++i) bounds_ns_.at(i) = static_cast<uint64_t>(std::llround(bounds_s[i] * 1e9));
}

Latency LatencyCount::none() const {
  Latency latency;
  latency.bounds.resize(bounds_ + 1);
  return latency;
}

void LatencyCount::count(uint64_t duration_ns, Latency& latency) const {
  latency.bounds[mme_bound_index(bounds_ns_.data(), bounds_, duration_ns)]++;
  const uint32_t index = mme_bucket_index(duration_ns);
  const auto bucket = std::lower_bound(latency.buckets.begin(), latency.buckets.end(), index,
                                       [](const Latency::Bucket& one, uint32_t at) { return one.index < at; });
  if (bucket != latency.buckets.end() && bucket->index == index) {
    bucket->count++;
  } else {
    latency.buckets.insert(bucket, {index, 1});
  }
  latency.sum_ns += duration_ns;
}

}  // namespace mme

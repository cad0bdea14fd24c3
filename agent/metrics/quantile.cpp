// SPDX-License-Identifier: Apache-2.0
#include "metrics/quantile.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mme/histogram.h"

namespace mme {
namespace {

double seconds(uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

double bucket_value(uint32_t index) {
  if (index >= MME_BUCKET_OVERFLOW) return seconds(mme_bucket_bound_ns(MME_BUCKETS));
  const double upper = seconds(mme_bucket_bound_ns(index));
  if (index == 0) return upper;
  const double lower = seconds(mme_bucket_bound_ns(index - 1));
  return 2 * lower * upper / (lower + upper);
}

}  // namespace

std::optional<double> quantile(const FineBuckets& buckets, double q) {
  const uint64_t count = std::accumulate(buckets.begin(), buckets.end(), uint64_t{0});
  if (count == 0) return std::nullopt;
  const double wanted = std::ceil(q * static_cast<double>(count));
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(std::max(wanted, 1.0)), 1, count);

  uint64_t below = 0;
  for (uint32_t index = 0; index < buckets.size(); ++index) {
    below += buckets[index];
    if (below >= rank) return bucket_value(index);
  }
  return std::nullopt;
}

}  // namespace mme

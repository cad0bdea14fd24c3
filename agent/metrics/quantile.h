// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mme/limits.h"

namespace mme {

// Counts by mme_bucket_index(), not cumulative.
using FineBuckets = std::array<uint64_t, MME_BUCKETS + 2>;

// The q-quantile (0 < q <= 1) in seconds: the sample of rank ceil(q * count), to within 4.4 %; nothing without samples.
// Of the bucket (l, u] that holds it, the value whose relative error is the same at both ends, 2lu / (l + u): linear
// interpolation is up to 9 % off where all samples are at one end of a bucket, as with a constant latency.
// Samples above the last bound (128 s) read as that bound.
[[nodiscard]] std::optional<double> quantile(const FineBuckets& buckets, double q);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "mme/histogram.h"

namespace mme {
namespace {

constexpr double kErrorMax = 0.0435;

void add(FineBuckets& buckets, double seconds) {
  ++buckets[mme_bucket_index(static_cast<uint64_t>(seconds * 1e9))];
}

TEST(Quantile, NothingWithoutSamples) {
  EXPECT_FALSE(quantile({}, 0.5).has_value());
}

TEST(Quantile, ConstantLatencyIsCloseAtEveryRank) {
  for (double latency = 2e-6; latency < 127; latency *= 1.013) {
    FineBuckets buckets{};
    for (int i = 0; i < 1000; ++i) add(buckets, latency);
    for (const double q : {0.001, 0.5, 0.95, 0.99, 1.0}) {
      EXPECT_NEAR(quantile(buckets, q).value() / latency, 1, kErrorMax) << latency;
    }
  }
}

TEST(Quantile, RandomSamplesAgainstSorting) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latencies(-5, 1.5);
  std::vector<double> samples;
  FineBuckets buckets{};
  for (int i = 0; i < 100000; ++i) {
    const double latency = std::clamp(latencies(random), 1e-5, 100.0);
    samples.push_back(latency);
    add(buckets, latency);
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.01, 0.5, 0.95, 0.99, 0.999}) {
    const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(samples.size())));
    EXPECT_NEAR(quantile(buckets, q).value() / samples[rank - 1], 1, kErrorMax) << q;
  }
}

TEST(Quantile, Edges) {
  FineBuckets below{};
  below[0] = 1;
  EXPECT_LT(quantile(below, 0.5).value(), 1e-6);
  FineBuckets above{};
  above[MME_BUCKET_OVERFLOW] = 1;
  EXPECT_DOUBLE_EQ(quantile(above, 0.5).value(), 128);
}

TEST(Quantile, RankIsRoundedUp) {
  FineBuckets buckets{};
  add(buckets, 0.001);
  add(buckets, 1);
  EXPECT_NEAR(quantile(buckets, 0.5).value(), 0.001, 0.0001);
  EXPECT_NEAR(quantile(buckets, 0.51).value(), 1, 0.05);
}

}  // namespace
}  // namespace mme

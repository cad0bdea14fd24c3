// SPDX-License-Identifier: Apache-2.0
#include "mme/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace mme {
namespace {

TEST(Buckets, BoundsAreThoseOfNativeHistogramSchema3) {
  for (uint32_t i = 0; i <= MME_BUCKETS; i++) {
    const long double seconds = std::exp2l((static_cast<int>(i) - 8 * MME_BUCKET_OCTAVES_BELOW) / 8.0L);
    EXPECT_EQ(mme_bucket_bound_ns(i), static_cast<uint64_t>(seconds * 1e9L)) << i;
  }
}

TEST(Buckets, IndexAndBoundAgreeInclusively) {
  for (uint32_t i = 0; i <= MME_BUCKETS; i++) {
    const uint64_t bound = mme_bucket_bound_ns(i);
    EXPECT_EQ(mme_bucket_index(bound), i);
    EXPECT_EQ(mme_bucket_index(bound + 1), i + 1);
    if (i) {
      EXPECT_GT(bound, mme_bucket_bound_ns(i - 1));
    }
  }
}

TEST(Buckets, Ends) {
  EXPECT_EQ(mme_bucket_index(0), 0u);
  EXPECT_EQ(mme_bucket_bound_ns(MME_BUCKETS), 128000000000ull);
  EXPECT_EQ(mme_bucket_index(128000000001ull), unsigned{MME_BUCKET_OVERFLOW});
  EXPECT_EQ(mme_bucket_index(~0ull), unsigned{MME_BUCKET_OVERFLOW});
}

TEST(Buckets, RandomDurationsLieBetweenTheirBounds) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; i++) {
    const uint64_t ns = random() >> (random() % 40 + 24);
    const uint32_t index = mme_bucket_index(ns);
    if (index <= MME_BUCKETS) {
      EXPECT_LE(ns, mme_bucket_bound_ns(index));
    }
    if (index) {
      EXPECT_GT(ns, mme_bucket_bound_ns(index - 1));
    }
  }
}

TEST(ConfiguredBounds, AreInclusiveAndExact) {
  const __u64 bounds[MME_BOUNDS_MAX] = {5000000, 100000000, 300000000, 1200000000, 5000000000};
  for (uint32_t i = 0; i < 5; i++) {
    EXPECT_EQ(mme_bound_index(bounds, 5, bounds[i]), i);
    EXPECT_EQ(mme_bound_index(bounds, 5, bounds[i] - 1), i);
    EXPECT_EQ(mme_bound_index(bounds, 5, bounds[i] + 1), i + 1);
  }
  EXPECT_EQ(mme_bound_index(bounds, 5, 0), 0u);
  EXPECT_EQ(mme_bound_index(bounds, 5, ~0ull), 5u);
  EXPECT_EQ(mme_bound_index(bounds, 0, 1), 0u);
}

TEST(ConfiguredBounds, AllPlacesUsed) {
  __u64 bounds[MME_BOUNDS_MAX];
  for (uint64_t i = 0; i < MME_BOUNDS_MAX; i++) bounds[i] = (i + 1) * 10;
  for (uint32_t i = 0; i < MME_BOUNDS_MAX; i++) EXPECT_EQ(mme_bound_index(bounds, MME_BOUNDS_MAX, bounds[i]), i);
  EXPECT_EQ(mme_bound_index(bounds, MME_BOUNDS_MAX, 201), unsigned{MME_BOUNDS_MAX});
}

}  // namespace
}  // namespace mme

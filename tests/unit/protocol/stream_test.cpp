// SPDX-License-Identifier: Apache-2.0
#include "mme/stream.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

struct Placed {
  mme_place place;
  uint32_t seen;
  bool operator==(const Placed&) const = default;
};

Placed place(uint32_t next, uint32_t sequence, uint32_t bytes) {
  Placed placed{};
  placed.place = mme_stream_place(next, sequence, bytes, &placed.seen);
  return placed;
}

// Each at several places of the number space, the wrap-around among them.
class StreamPlace : public testing::TestWithParam<uint32_t> {};

TEST_P(StreamPlace, Verdicts) {
  const uint32_t next = GetParam();
  EXPECT_EQ(place(next, next, 10), (Placed{MME_PLACE_NEXT, 0}));
  EXPECT_EQ(place(next, next - 4, 10), (Placed{MME_PLACE_NEXT, 4}));
  EXPECT_EQ(place(next, next - 9, 10), (Placed{MME_PLACE_NEXT, 9}));
  EXPECT_EQ(place(next, next - 10, 10), (Placed{MME_PLACE_OLD, 0}));
  EXPECT_EQ(place(next, next - 1, 1), (Placed{MME_PLACE_OLD, 0}));  // a keep-alive probe
  EXPECT_EQ(place(next, next + 1, 10), (Placed{MME_PLACE_AHEAD, 0}));
  EXPECT_EQ(place(next, next + MME_STREAM_REACH, 10), (Placed{MME_PLACE_AHEAD, 0}));
  EXPECT_EQ(place(next, next + MME_STREAM_REACH + 1, 10), (Placed{MME_PLACE_FAR, 0}));
  EXPECT_EQ(place(next, next - MME_STREAM_REACH - 1, 10), (Placed{MME_PLACE_FAR, 0}));
  EXPECT_EQ(place(next, next + 0x80000000u, 10), (Placed{MME_PLACE_FAR, 0}));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, StreamPlace,
                         testing::Values(0u, 1u, 5u, 0x7fffffffu, 0x80000000u, 0xfffffff8u, 0xffffffffu));

}  // namespace
}  // namespace mme

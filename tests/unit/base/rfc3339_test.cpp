// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

TEST(Rfc3339, Writes) {
  const system_clock::time_point time{seconds(1714566896) + nanoseconds(7890999)};
  EXPECT_EQ(to_rfc3339(time, 3), "2024-05-01T12:34:56.007Z");
  EXPECT_EQ(to_rfc3339(time, 6), "2024-05-01T12:34:56.007890Z");
  EXPECT_EQ(to_rfc3339(time, 9), "2024-05-01T12:34:56.007890999Z");
  EXPECT_EQ(to_rfc3339(system_clock::time_point{microseconds(-1)}, 6), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, ReadsBack) {
  for (const int64_t us : {int64_t{0}, int64_t{-1}, int64_t{1714566896007890}, int64_t{9'000'000'000'000'000}}) {
    const system_clock::time_point time{microseconds(us)};
    EXPECT_EQ(parse_rfc3339(to_rfc3339(time, 6)), time) << us;
  }
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), system_clock::time_point{seconds(1709164800)});
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00.5Z"),
            system_clock::time_point{seconds(1709164800) + nanoseconds(500000000)});
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00.1234567899Z"),
            system_clock::time_point{seconds(1709164800) + nanoseconds(123456789)});
}

TEST(Rfc3339, NoTimes) {
  for (const char* text :
       {"", "2024-05-01", "2024-05-01T12:34:56", "2024-05-01T12:34:56.Z", "2024-05-01T12:34:56+00:00",
        "2024-05-01 12:34:56Z", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-05-00T00:00:00Z",
        "2024-05-01T24:00:00Z", "2024-05-01T12:60:00Z", "2024-05-01T12:34:60Z", "2024-05-01T12:34:56ZZ",
        "1677-01-01T00:00:00Z", "2262-01-01T00:00:00Z", "-024-05-01T12:34:56Z", "2024-5-1T12:34:56Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mme

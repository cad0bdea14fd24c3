// SPDX-License-Identifier: Apache-2.0
#include "metrics/cold_series.h"

#include <gtest/gtest.h>

#include "metrics/other_series.h"

namespace mme {
namespace {

constexpr size_t kMost = 3;

class ColdSeriesTest : public ::testing::Test {
 protected:
  // Half a minute later each of these series, by `code`, has so many exchanges more, and so many more found no room.
  std::vector<uint16_t> choose(const std::map<uint16_t, uint64_t>& more, uint64_t without_room) {
    for (const auto& [code, count] : more) counts_[code] += count;
    now_.series.clear();
    for (const auto& [code, count] : counts_) {
      RawSeries series;
      series.key.family = MME_FAMILY_MONGO;
      series.key.code = code;
      series.latency.bounds = {count};
      now_.series.push_back(series);
    }
    RawSeries other;
    other.key = other_series(MME_FAMILY_MONGO);
    now_.series.push_back(other);
    now_.series_overflow[MME_FAMILY_MONGO] += without_room;
    now_.monotonic_s += 30;
    EXPECT_TRUE(cold_.due(now_.monotonic_s));
    std::vector<uint16_t> codes;
    for (const mme_series_key& key : cold_.choose(now_)) {
      EXPECT_EQ(key.other, 0);
      codes.push_back(key.code);
    }
    EXPECT_FALSE(cold_.due(now_.monotonic_s + 29));
    return codes;
  }
  void retired(uint16_t code) { counts_.erase(code); }

  KernelSnapshot now_;
  std::map<uint16_t, uint64_t> counts_;
  ColdSeries cold_{kMost};
};

TEST_F(ColdSeriesTest, NoneWhileThereIsRoom) {
  EXPECT_EQ(choose({{1, 100}, {2, 0}}, 0), std::vector<uint16_t>{});
  EXPECT_EQ(choose({{1, 100}, {2, 0}}, 0), std::vector<uint16_t>{});
}

TEST_F(ColdSeriesTest, TheColdestFirstAndSomeAtATime) {
  (void)choose({{1, 100}, {2, 100}, {3, 100}, {4, 5}, {5, 1}, {6, 0}, {7, 9}, {8, 100}, {9, 100}}, 0);
  EXPECT_EQ(choose({{1, 100}, {2, 100}, {3, 100}, {4, 5}, {5, 1}, {6, 0}, {7, 9}, {8, 100}, {9, 100}}, 50),
            (std::vector<uint16_t>{6, 5, 4}));
  for (const uint16_t code : {6, 5, 4}) retired(code);
  EXPECT_EQ(choose({{1, 100}, {2, 100}, {3, 100}, {7, 9}, {8, 100}, {9, 100}}, 50), (std::vector<uint16_t>{7}));
}

TEST_F(ColdSeriesTest, WhereAllAreAlikeTheyStay) {
  (void)choose({{1, 10}, {2, 9}, {3, 11}}, 1000);
  EXPECT_EQ(choose({{1, 10}, {2, 9}, {3, 11}}, 1000), std::vector<uint16_t>{});
}

TEST_F(ColdSeriesTest, NewOnesHaveHalfAMinute) {
  (void)choose({{1, 100}, {2, 100}}, 1);
  EXPECT_EQ(choose({{1, 100}, {2, 100}, {3, 0}}, 1), std::vector<uint16_t>{});
  EXPECT_EQ(choose({{1, 100}, {2, 100}, {3, 0}}, 1), std::vector<uint16_t>{3});
}

TEST_F(ColdSeriesTest, OnlyOfMongo) {
  now_.series_overflow[MME_FAMILY_ENTRYPOINT] = 7;
  (void)choose({{1, 100}, {2, 0}}, 0);
  now_.series_overflow[MME_FAMILY_ENTRYPOINT] = 8;
  EXPECT_EQ(choose({{1, 100}, {2, 0}}, 0), std::vector<uint16_t>{});
}

}  // namespace
}  // namespace mme

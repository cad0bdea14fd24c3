// SPDX-License-Identifier: Apache-2.0
#include "metrics/cold_series.h"

#include <gtest/gtest.h>

#include <algorithm>

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

TEST_F(ColdSeriesTest, NoMoreThanNewOnesNeed) {
  (void)choose({{1, 100}, {2, 0}, {3, 0}, {4, 100}, {5, 100}}, 1);
  now_.retired_places = kMost;
  EXPECT_EQ(choose({{1, 100}, {2, 0}, {3, 0}, {4, 100}, {5, 100}}, 1), std::vector<uint16_t>{});
  now_.retired_places = kMost - 1;
  EXPECT_EQ(choose({{1, 100}, {2, 0}, {3, 0}, {4, 100}, {5, 100}}, 1), std::vector<uint16_t>{2});
}

// Counters without the outcome, and histograms of both targets, would go down.
TEST_F(ColdSeriesTest, WhatIsShownAsOneGoesTogether) {
  const auto of = [](uint16_t code, uint8_t outcome, uint16_t target, uint64_t count) {
    RawSeries series;
    series.key.family = MME_FAMILY_MONGO;
    series.key.code = code;
    series.key.variant = outcome;
    series.key.target = target;
    series.latency.bounds = {count};
    return series;
  };
  now_.series = {of(1, MME_OUTCOME_OK, 1, 100), of(1, MME_OUTCOME_ERROR, 1, 1), of(1, MME_OUTCOME_OK, 2, 1),
                 of(2, MME_OUTCOME_OK, 1, 1),   of(2, MME_OUTCOME_ERROR, 2, 1), of(3, MME_OUTCOME_OK, 1, 1)};
  now_.series_overflow[MME_FAMILY_MONGO] = 1;
  (void)cold_.choose(now_);
  now_.series[0] = of(1, MME_OUTCOME_OK, 1, 200);
  now_.series_overflow[MME_FAMILY_MONGO] = 2;
  const auto cold = cold_.choose(now_);
  ASSERT_EQ(cold.size(), 3U);
  EXPECT_EQ(std::count_if(cold.begin(), cold.end(), [](const auto& key) { return key.code == 2; }), 2);
  EXPECT_EQ(std::count_if(cold.begin(), cold.end(), [](const auto& key) { return key.code == 3; }), 1);
}

TEST_F(ColdSeriesTest, NoneThatIsShownAsUnknown) {
  RawSeries unnamed;
  unnamed.key.family = MME_FAMILY_MONGO;
  unnamed.key.name[0] = 7;
  now_.series = {unnamed};
  now_.series_overflow[MME_FAMILY_MONGO] = 1;
  (void)cold_.choose(now_);
  now_.series_overflow[MME_FAMILY_MONGO] = 2;
  EXPECT_TRUE(cold_.choose(now_).empty());
}

TEST_F(ColdSeriesTest, OnlyOfMongo) {
  now_.series_overflow[MME_FAMILY_ENTRYPOINT] = 7;
  (void)choose({{1, 100}, {2, 0}}, 0);
  now_.series_overflow[MME_FAMILY_ENTRYPOINT] = 8;
  EXPECT_EQ(choose({{1, 100}, {2, 0}}, 0), std::vector<uint16_t>{});
}

}  // namespace
}  // namespace mme

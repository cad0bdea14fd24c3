// SPDX-License-Identifier: Apache-2.0
#include "daemon/leg_sampling.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace mme {
namespace {

using namespace std::chrono_literals;

using Clock = LegSampling::Clock;
using Phase = LegSampling::Phase;

// The share of five minutes in which legs are wanted, of `rate` legs a second.
double share(uint64_t rate, std::chrono::milliseconds step = 100ms, Clock::duration longest = 0ms) {
  LegSampling sampling;
  bool wanted = false;
  int steps = 0;
  int on = 0;
  for (auto now = Clock::time_point(1h); now < Clock::time_point(1h + 300s); now += step) {
    const uint64_t legs = wanted ? rate * static_cast<uint64_t>(step.count()) / 1000 : 0;
    wanted = sampling.decide(now, legs, longest) != Phase::pause;
    ++steps;
    on += wanted ? 1 : 0;
  }
  return static_cast<double>(on) / steps;
}

TEST(LegSampling, FewLegsAreAllWanted) {
  EXPECT_EQ(share(0), 1);
  EXPECT_EQ(share(LegSampling::kLegsPerSecond), 1);
}

TEST(LegSampling, OfManyNoMoreThanTheAverage) {
  EXPECT_NEAR(share(2 * LegSampling::kLegsPerSecond), 0.5, 0.05);
  EXPECT_NEAR(share(10 * LegSampling::kLegsPerSecond), 0.1, 0.03);
}

TEST(LegSampling, LongExchangesMakeItNoMore) {
  EXPECT_NEAR(share(4 * LegSampling::kLegsPerSecond, 100ms, 2s), 0.25, 0.05);
}

TEST(LegSampling, AWindowAndItsRestAreAsLongAsTheLongestExchange) {
  LegSampling sampling;
  std::vector<std::pair<Phase, Clock::time_point>> changes;
  for (auto now = Clock::time_point(1h); changes.size() < 7; now += 100ms) {
    const Phase phase = sampling.decide(now, 2 * LegSampling::kLegsPerSecond / 10, 3s);
    if (changes.empty() || changes.back().first != phase) changes.emplace_back(phase, now);
  }
  const auto length = [&](size_t i) { return changes[i + 1].second - changes[i].second; };
  EXPECT_EQ(changes[3].first, Phase::window);
  EXPECT_EQ(length(3), 3s);
  EXPECT_EQ(changes[4].first, Phase::rest);
  EXPECT_EQ(length(4), 3s + LegSampling::kSettle);
  EXPECT_EQ(changes[5].first, Phase::pause);
}

TEST(LegSampling, APauseHasAnEnd) {
  EXPECT_GT(share(10000 * LegSampling::kLegsPerSecond), 0.02);
}

TEST(LegSampling, ALateCallCountsTheTimeThatPassed) {
  EXPECT_EQ(share(LegSampling::kLegsPerSecond, 3s), 1);
}

}  // namespace
}  // namespace mme

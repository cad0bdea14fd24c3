// SPDX-License-Identifier: Apache-2.0
#include "daemon/leg_matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace mme {
namespace {

using Possible = std::vector<size_t>;

std::vector<Possible> match(const std::vector<LegCandidates>& candidates, size_t upstreams) {
  return match_legs(candidates, std::vector<bool>(upstreams));
}

// Where nothing lies within a request but what suits it.
std::vector<Possible> match(const std::vector<Possible>& suiting, size_t upstreams) {
  std::vector<LegCandidates> candidates;
  for (const Possible& one : suiting) candidates.push_back({one, one});
  return match(candidates, upstreams);
}

TEST(LegMatching, OneCandidateIsTaken) {
  EXPECT_EQ(match({Possible{0}}, 1)[0], Possible{0});
}

TEST(LegMatching, WhatOneMustHaveTheOtherHasNot) {
  EXPECT_EQ(match({{0, 1}, {0}}, 2)[0], Possible{1});
}

TEST(LegMatching, ALegThatNobodyHasMayBeOfARequestToCome) {
  EXPECT_TRUE(match({Possible{0, 1}}, 2)[0].empty());
}

TEST(LegMatching, ACircleIsCertainAsAWhole) {
  const auto matches = match({{0, 1}, {0, 1}}, 2);
  for (const Possible& possible : matches) EXPECT_EQ(possible.size(), 2u);
  EXPECT_NE(matches[0][0], matches[1][0]);
}

TEST(LegMatching, WhereThereAreTooFewLegsNobodyIsCertainWhoMayHaveNone) {
  const auto matches = match({{0}, {0}, {1}}, 2);
  EXPECT_TRUE(matches[0].empty());
  EXPECT_TRUE(matches[1].empty());
  EXPECT_EQ(matches[2], Possible{1});
}

TEST(LegMatching, ALooseLegMakesUncertainWhateverItLooksLike) {
  EXPECT_TRUE(match({LegCandidates{{0}, {0, 1}}}, 2)[0].empty());
}

TEST(LegMatching, TheLegOfAnUncertainRequestIsLooseToo) {
  const auto matches = match({LegCandidates{{0}, {0, 2}}, LegCandidates{{1}, {0, 1}}, LegCandidates{{3}, {3}}}, 4);
  EXPECT_TRUE(matches[0].empty());
  EXPECT_TRUE(matches[1].empty());
  EXPECT_EQ(matches[2], Possible{3});
}

TEST(LegMatching, ALegOfARequestThatIsGoneIsLoose) {
  const auto matches = match_legs({{{0}, {0}}, {{1}, {1}}}, {true, false});
  EXPECT_TRUE(matches[0].empty());
  EXPECT_EQ(matches[1], Possible{1});
}

constexpr size_t kNobody = SIZE_MAX;

struct Instance {
  std::vector<LegCandidates> candidates;
  std::vector<bool> doubtful;
};

// Every assignment of as many requests as can be, by trying all.
class Enumeration {
 public:
  explicit Enumeration(const Instance& instance)
      : instance_(instance), taker_(instance.doubtful.size(), kNobody), chosen_(instance.candidates.size(), kNobody) {
    choose(0, 0);
  }
  struct Assignment {
    std::vector<size_t> taker;   // by leg
    std::vector<size_t> chosen;  // by request
  };
  [[nodiscard]] const std::vector<Assignment>& all() const { return all_; }

 private:
  void choose(size_t request, size_t made) {
    if (request == chosen_.size()) {
      if (made > most_) all_.clear();
      most_ = std::max(most_, made);
      if (made == most_) all_.push_back({taker_, chosen_});
      return;
    }
    choose(request + 1, made);
    for (const size_t upstream : instance_.candidates[request].suiting) {
      if (taker_[upstream] != kNobody) continue;
      taker_[upstream] = request;
      chosen_[request] = upstream;
      choose(request + 1, made + 1);
      taker_[upstream] = chosen_[request] = kNobody;
    }
  }

  const Instance& instance_;
  std::vector<size_t> taker_, chosen_;
  size_t most_ = 0;
  std::vector<Assignment> all_;
};

// The rule of leg_matching.h in its own words: until nothing is added.
std::vector<std::set<size_t>> by_the_rule(const Instance& instance) {
  const Enumeration assignments(instance);
  std::vector<bool> loose = instance.doubtful;
  std::vector<bool> uncertain(instance.candidates.size());
  for (size_t before = SIZE_MAX, count = 0; before != count;) {
    before = count;
    for (const auto& one : assignments.all()) {
      for (size_t upstream = 0; upstream < loose.size(); ++upstream) {
        if (one.taker[upstream] == kNobody || uncertain[one.taker[upstream]]) loose[upstream] = true;
      }
      for (size_t request = 0; request < uncertain.size(); ++request) {
        const auto& within = instance.candidates[request].within;
        if (one.chosen[request] == kNobody ||
            std::any_of(within.begin(), within.end(), [&](size_t upstream) { return loose[upstream]; })) {
          uncertain[request] = true;
        }
      }
    }
    count = static_cast<size_t>(std::count(loose.begin(), loose.end(), true) +
                                std::count(uncertain.begin(), uncertain.end(), true)) +
            1;
  }
  std::vector<std::set<size_t>> possible(uncertain.size());
  for (const auto& one : assignments.all()) {
    for (size_t request = 0; request < uncertain.size(); ++request) {
      if (!uncertain[request]) possible[request].insert(one.chosen[request]);
    }
  }
  return possible;
}

// `hidden`: the truth, an assignment there is, of all requests but some that have no leg where `lacking`.
Instance random_instance(std::mt19937& random, bool lacking, std::vector<size_t>& hidden) {
  const size_t upstreams = 1 + random() % 6;
  Instance made{std::vector<LegCandidates>(1 + random() % upstreams), std::vector<bool>(upstreams)};
  hidden.resize(upstreams);
  for (size_t i = 0; i < upstreams; ++i) hidden[i] = i;
  std::shuffle(hidden.begin(), hidden.end(), random);
  const uint32_t density = 2 + random() % 4;
  for (size_t i = 0; i < upstreams; ++i) made.doubtful[i] = random() % 20 == 0;
  for (size_t i = 0; i < made.candidates.size(); ++i) {
    const bool has_none = lacking && random() % 4 == 0;
    for (size_t upstream = 0; upstream < upstreams; ++upstream) {
      const bool suits = (upstream == hidden[i] && !has_none) || random() % density == 0;
      if (suits) made.candidates[i].suiting.push_back(upstream);
      if (suits || random() % 6 == 0) made.candidates[i].within.push_back(upstream);
    }
    if (made.candidates[i].suiting.empty()) made.candidates[i] = {{hidden[i]}, {hidden[i]}};
  }
  return made;
}

TEST(LegMatching, CertainIsWhatTheRuleSaysAndHasTheTruth) {
  std::mt19937 random(7);
  size_t certain = 0;
  size_t uncertain = 0;
  for (int round = 0; round < 20000; ++round) {
    const bool lacking = round % 2 == 1;
    std::vector<size_t> hidden;
    const Instance instance = random_instance(random, lacking, hidden);
    const auto expected = by_the_rule(instance);
    const auto matches = match_legs(instance.candidates, instance.doubtful);
    for (size_t i = 0; i < matches.size(); ++i) {
      ASSERT_EQ(std::set<size_t>(matches[i].begin(), matches[i].end()), expected[i])
          << "request " << i << " of round " << round;
      (matches[i].empty() ? uncertain : certain)++;
      if (lacking || matches[i].empty()) continue;
      ASSERT_TRUE(expected[i].contains(hidden[i]));
    }
  }
  EXPECT_GT(certain, 5000u);
  EXPECT_GT(uncertain, 5000u);
}

}  // namespace
}  // namespace mme

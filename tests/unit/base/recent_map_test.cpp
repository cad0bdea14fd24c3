// SPDX-License-Identifier: Apache-2.0
#include "base/recent_map.h"

#include <gtest/gtest.h>

#include <string>

namespace mme {
namespace {

// The keys from 1 to 9 that are there.
std::string keys(const RecentMap<int, std::string>& map) {
  std::string keys;
  for (int key = 1; key <= 9; ++key) {
    if (map.find(key) != nullptr) keys += std::to_string(key);
  }
  EXPECT_EQ(keys.size(), map.size());
  return keys;
}

TEST(RecentMap, TheOneNotUsedForLongestMakesRoom) {
  RecentMap<int, std::string> map(3);
  map[1] = "one";
  map[2] = "two";
  map[3] = "three";
  EXPECT_EQ(keys(map), "123");
  ASSERT_NE(map.use(1), nullptr);
  EXPECT_EQ(*map.use(1), "one");
  map[4] = "four";
  EXPECT_EQ(keys(map), "134");
  map[3] += "!";
  map[5] = "five";
  EXPECT_EQ(keys(map), "345");
  EXPECT_EQ(*map.find(3), "three!");
  EXPECT_EQ(map.use(1), nullptr);
}

TEST(RecentMap, FindIsNoUse) {
  RecentMap<int, std::string> map(2);
  map[1];
  map[2];
  EXPECT_NE(map.find(1), nullptr);
  map[3];
  EXPECT_EQ(keys(map), "23");
}

TEST(RecentMap, ErasedOnesMakeRoom) {
  RecentMap<int, std::string> map(3);
  map[1];
  map[2];
  map[3];
  map.erase(2);
  map.erase(7);
  map[4];
  EXPECT_EQ(keys(map), "134");
  map.erase_if([](const auto& entry) { return entry.first != 3; });
  EXPECT_EQ(keys(map), "3");
  map[5];
  map[6];
  EXPECT_EQ(keys(map), "356");
  map[7];
  EXPECT_EQ(keys(map), "567");
}

TEST(RecentMap, OfOne) {
  RecentMap<int, std::string> map(1);
  map[1];
  map[2];
  EXPECT_EQ(keys(map), "2");
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/history.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(History, EmptyGivesAnEmptyWindow) {
  const History history;
  EXPECT_TRUE(history.due(0));
  EXPECT_DOUBLE_EQ(history.before(42).monotonic_s, 42);
}

TEST(History, YoungestOfTenSeconds) {
  History history;
  for (double now = 100; now <= 130; now += 1) history.add({.monotonic_s = now, .groups = {}});  // kept: 100, 105, …
  EXPECT_FALSE(history.due(134));
  EXPECT_TRUE(history.due(135));
  EXPECT_DOUBLE_EQ(history.before(130).monotonic_s, 120);
  EXPECT_DOUBLE_EQ(history.before(134).monotonic_s, 120);
  EXPECT_DOUBLE_EQ(history.before(135).monotonic_s, 125);
}

TEST(History, OldestWhileYoung) {
  History history;
  history.add({.monotonic_s = 100, .groups = {}});
  history.add({.monotonic_s = 105, .groups = {}});
  EXPECT_DOUBLE_EQ(history.before(107).monotonic_s, 100);
}

}  // namespace
}  // namespace mme

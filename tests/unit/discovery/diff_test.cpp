// SPDX-License-Identifier: Apache-2.0
#include "discovery/diff.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

Target target(const std::string& name, pid_t pid) {
  Target result;
  result.name = name;
  result.pid = pid;
  return result;
}

TEST(Diff, SeesEachKindOfChange) {
  const auto changes =
      diff({target("a", 1), target("b", 2), target("c", 3)}, {target("b", 20), target("c", 3), target("d", 4)});
  EXPECT_EQ(changes.appeared, std::vector{target("d", 4)});
  EXPECT_EQ(changes.changed, std::vector{target("b", 20)});
  EXPECT_EQ(changes.vanished, std::vector{target("a", 1)});
}

TEST(Diff, OfTheSameIsEmpty) {
  EXPECT_TRUE(diff({target("a", 1)}, {target("a", 1)}).empty());
  EXPECT_TRUE(diff({}, {}).empty());
}

TEST(Diff, ALaterListenerIsAChange) {
  auto listening = target("a", 1);
  listening.listeners.push_back({"::", 80, ""});
  EXPECT_EQ(diff({target("a", 1)}, {listening}).changed, std::vector{listening});
}

}  // namespace
}  // namespace mme

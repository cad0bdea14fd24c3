// SPDX-License-Identifier: Apache-2.0
#include "discovery/family.h"

#include <gtest/gtest.h>

#include <map>

namespace mme {
namespace {

const ListenSocket web{"::", 80, 11, 0};
const ListenSocket api{"::", 81, 12, 0};

// 10 is the parent of 20, 20 of 30; 40 is nobody's.
bool descends(pid_t pid, pid_t ancestor) {
  const std::map<pid_t, pid_t> parents = {{20, 10}, {30, 20}};
  for (auto at = parents.find(pid);; at = parents.find(at->second)) {
    if (pid == ancestor) return true;
    if (at == parents.end()) return false;
    pid = at->second;
  }
}

std::vector<pid_t> pids(const std::vector<Candidate>& candidates) {
  std::vector<pid_t> result;
  for (const auto& candidate : candidates) result.push_back(candidate.pid);
  return result;
}

TEST(OnePerServer, AChildWithTheSameSocketsGoes) {
  EXPECT_EQ(pids(one_per_server({{20, 2, 0, {web}}, {10, 1, 0, {web}}}, descends)), std::vector{10});
}

TEST(OnePerServer, TheWaitingParentsOfAForkedServerGo) {
  EXPECT_EQ(pids(one_per_server({{10, 1, 0, {}}, {20, 2, 0, {}}, {30, 3, 0, {}}}, descends)), std::vector{10});
  EXPECT_EQ(pids(one_per_server({{10, 1, 0, {}}, {20, 2, 0, {}}, {30, 3, 0, {web}}}, descends)), std::vector{30});
}

TEST(OnePerServer, StrangersStay) {
  EXPECT_EQ(pids(one_per_server({{10, 1, 0, {}}, {40, 2, 0, {web}}}, descends)), (std::vector{10, 40}));
  EXPECT_EQ(pids(one_per_server({{10, 1, 0, {api}}, {40, 2, 0, {web}}}, descends)), (std::vector{10, 40}));
}

TEST(OnePerServer, AnOrphanSharingASocketGoes) {
  EXPECT_EQ(pids(one_per_server({{10, 1, 0, {web}}, {40, 2, 0, {web}}}, descends)), std::vector{10});
}

TEST(OnePerServer, AChildWithASocketOfItsOwnStaysWithThatAlone) {
  const auto kept = one_per_server({{10, 1, 0, {web}}, {20, 2, 0, {web, api}}}, descends);
  ASSERT_EQ(pids(kept), (std::vector{10, 20}));
  EXPECT_EQ(kept[1].sockets, std::vector{api});
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/socket_cgroup.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(ObservedCgroup, UsuallyTheProcessOwn) {
  const auto observed = observed_cgroup(TargetKind::traefik, "/a/b", {"/a/b"});
  EXPECT_EQ(observed.path, "/a/b");
  EXPECT_EQ(observed.note, "");
  EXPECT_EQ(observed_cgroup(TargetKind::mongod, "/a/b", {}).path, "/a/b");
}

TEST(ObservedCgroup, OfMongodThatWasMovedTheListeners) {
  const auto observed = observed_cgroup(TargetKind::mongod, "/new", {"/old"});
  EXPECT_EQ(observed.path, "/old");
  EXPECT_NE(observed.note.find("created in /old"), std::string::npos);
}

TEST(ObservedCgroup, OfTraefikThatWasMovedBoth) {
  EXPECT_EQ(observed_cgroup(TargetKind::traefik, "/s/new", {"/s/old"}).path, "/s");
  EXPECT_EQ(observed_cgroup(TargetKind::traefik, "/s/new", {"/"}).path, "/");
  EXPECT_EQ(observed_cgroup(TargetKind::traefik, "/s/new", {"/s/new", "/s"}).path, "/s");
}

TEST(ObservedCgroup, SaysThatTheListenersCgroupIsGone) {
  const auto observed = observed_cgroup(TargetKind::mongod, "/new", {std::nullopt});
  EXPECT_EQ(observed.path, "/new");
  EXPECT_NE(observed.note.find("removed since"), std::string::npos);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/cgroup_path.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(FindCgroup2, PrefersTheHostsHierarchy) {
  const Mount v1{"/", "/sys/fs/cgroup/cpu", "cgroup", "rw"};
  const Mount own{"/", "/sys/fs/cgroup", "cgroup2", "ro"};
  const Mount host{"/../../..", "/host/sys/fs/cgroup", "cgroup2", "ro"};
  const Mount part{"/system.slice", "/mnt", "cgroup2", "rw"};
  EXPECT_EQ(find_cgroup2({v1}), std::nullopt);
  EXPECT_EQ(find_cgroup2({v1, own}), own);
  EXPECT_EQ(find_cgroup2({own, host}), host);
  EXPECT_EQ(find_cgroup2({part, own}), own);
}

TEST(PathBelowMount, OnAHost) {
  EXPECT_EQ(path_below_mount("/system.slice/a.service", "/", "/").value(), "/system.slice/a.service");
  EXPECT_EQ(path_below_mount("/", "/", "/").value(), "/");
}

TEST(PathBelowMount, WhereOnlyAPartIsMounted) {
  EXPECT_EQ(path_below_mount("/a/b/c", "/a", "/").value(), "/b/c");
  EXPECT_EQ(path_below_mount("/a", "/a", "/").value(), "/");
  EXPECT_FALSE(path_below_mount("/ab", "/a", "/"));
}

TEST(PathBelowMount, FromAContainerThatSeesTheHostsMount) {
  // The agent's namespace is rooted at /kubepods/podX/agent; the mount shows the host's root.
  const std::string own = "/kubepods/podX/agent";
  EXPECT_EQ(path_below_mount("/", "/../../..", own).value(), own);
  EXPECT_EQ(path_below_mount("/../../podY/traefik", "/../../..", own).value(), "/kubepods/podY/traefik");
  EXPECT_EQ(path_below_mount("/../../..", "/../../..", own).value(), "/");
}

TEST(PathBelowMount, OutsideOfAContainersOwnMount) {
  const auto path = path_below_mount("/../../podY/traefik", "/", "/");
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().message.find("/../../podY/traefik is outside"), std::string::npos);
  EXPECT_NE(path.error().message.find("mount the host's /sys/fs/cgroup"), std::string::npos);
}

TEST(CommonAncestor, OfPaths) {
  EXPECT_EQ(common_ancestor("/a/b", "/a/c"), "/a");
  EXPECT_EQ(common_ancestor("/a", "/a/c"), "/a");
  EXPECT_EQ(common_ancestor("/ab", "/a"), "/");
  EXPECT_EQ(common_ancestor("/", "/a"), "/");
}

TEST(IsInside, ComparesWholeNames) {
  EXPECT_TRUE(is_inside("/a/b", "/a"));
  EXPECT_TRUE(is_inside("/a", "/a"));
  EXPECT_TRUE(is_inside("/a", "/"));
  EXPECT_FALSE(is_inside("/ab", "/a"));
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/match.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

const TargetRule traefik = default_rules()[0];
const TargetRule mongod = default_rules()[1];

TEST(MatchTest, ByExeCommOrArgv) {
  EXPECT_EQ(match(traefik, {1, "traefik", "/usr/bin/traefik", {"traefik"}, ""}), Match::yes);
  EXPECT_EQ(match(traefik, {1, "main", "/usr/bin/traefik (deleted)", {"x"}, ""}), Match::yes);
  EXPECT_EQ(match(traefik, {1, "traefik", "/opt/traefik-3.6.1", {}, ""}), Match::yes);
  EXPECT_EQ(match(mongod, {1, "ld-linux-x86-64", "/lib64/ld-linux-x86-64.so.2", {"/usr/bin/mongod"}, ""}), Match::yes);
  EXPECT_EQ(match(traefik, {1, "nginx", "/usr/sbin/nginx", {"nginx"}, ""}), Match::no);
  EXPECT_EQ(match(mongod, {1, "mongodb_exporte", "/usr/bin/mongodb_exporter", {}, ""}), Match::no);
}

TEST(MatchTest, AnUnreadableExeLeavesTheComm) {
  EXPECT_EQ(match(mongod, {1, "mongod", "", {}, ""}), Match::yes);
}

TEST(MatchTest, AScriptOfThatNameIsNotTheServer) {
  EXPECT_EQ(match(traefik, {1, "traefik", "/usr/bin/dash", {"/bin/sh", "/usr/local/bin/traefik"}, ""}), Match::not_yet);
  EXPECT_EQ(match(traefik, {1, "docker-init", "/sbin/docker-init", {"/sbin/docker-init", "--", "traefik"}, ""}),
            Match::no);
}

TEST(MatchTest, OneShotCommandsAreNotServers) {
  EXPECT_EQ(match(traefik, {1, "traefik", "/traefik", {"traefik", "healthcheck", "--ping"}, ""}), Match::not_yet);
  EXPECT_EQ(match(mongod, {1, "mongod", "/mongod", {"mongod", "--dbpath", "/x", "--shutdown"}, ""}), Match::not_yet);
}

TEST(MatchTest, LongNamesAreCutInComm) {
  TargetRule rule;
  rule.process = "a-very-long-traefik-name";
  EXPECT_EQ(match(rule, {1, "a-very-long-tra", "", {}, ""}), Match::yes);
}

TEST(MatchTest, ByPidAndByCgroup) {
  TargetRule by_pid;
  by_pid.pid = 7;
  EXPECT_EQ(match(by_pid, {7, "anything", "/x", {}, ""}), Match::yes);
  EXPECT_EQ(match(by_pid, {8, "traefik", "/traefik", {}, ""}), Match::no);
  TargetRule by_cgroup;
  by_cgroup.cgroup = "/a/b";
  EXPECT_EQ(match(by_cgroup, {1, "gateway", "/gateway", {}, "/a/b/c"}), Match::yes);
  EXPECT_EQ(match(by_cgroup, {1, "bash", "/bin/bash", {}, "/a/b"}), Match::not_yet);
  EXPECT_EQ(match(by_cgroup, {1, "gateway", "/gateway", {}, "/a/bc"}), Match::no);
  by_cgroup.process = "traefik";
  EXPECT_EQ(match(by_cgroup, {1, "gateway", "/gateway", {}, "/a/b"}), Match::no);
}

TEST(IsLauncher, KnowsWhatStandsBeforeAServer) {
  for (const char* name : {"sh", "bash", "tini", "runc:[2:INIT]", "(traefik)", "python3.11"})
    EXPECT_TRUE(is_launcher(name));
  for (const char* name : {"traefik", "mongod", "systemd"}) EXPECT_FALSE(is_launcher(name));
}

}  // namespace
}  // namespace mme

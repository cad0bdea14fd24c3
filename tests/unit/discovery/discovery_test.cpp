// SPDX-License-Identifier: Apache-2.0
#include "discovery/discovery.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fake_host.h"

namespace mme {
namespace {

using namespace std::chrono_literals;
using Severity = DiscoveryProblem::Severity;

class DiscoveryTest : public testing::Test {
 protected:
  Discovery make(std::vector<TargetRule> rules = default_rules(), ListenSocketSource source = {}) {
    return Discovery({.rules = std::move(rules), .proc_root = host_.proc(), .listen_sockets = std::move(source)});
  }
  // Half a second later.
  Discovery::Clock::time_point tick() { return now_ += 500ms; }

  static bool has(const DiscoveryScan& scan, Severity severity, const std::string& text) {
    for (const auto& problem : scan.problems) {
      if (problem.severity == severity && problem.message.find(text) != std::string::npos) return true;
    }
    return false;
  }

  void add_traefik(pid_t pid, const std::string& cgroup, uint16_t port) {
    const auto inode = static_cast<uint64_t>(pid) + 1000;
    host_.add({.pid = pid, .comm = "traefik", .exe = "/usr/bin/traefik", .cgroup = cgroup, .sockets = {inode}});
    host_.listen(pid, {{port, inode}, {22, 1}});
  }

  FakeHost host_;
  Discovery::Clock::time_point now_{};
};

TEST_F(DiscoveryTest, FindsAServerWithItsPortAndCgroup) {
  add_traefik(100, "/system.slice/traefik.service", 8080);
  auto discovery = make();
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  const Target& target = scan.targets[0];
  EXPECT_EQ(target.name, "traefik");
  EXPECT_EQ(target.pid, 100);
  EXPECT_EQ(target.start_ticks, 1000U);
  EXPECT_EQ(target.cgroup, "/system.slice/traefik.service");
  EXPECT_NE(target.cgroup_id, 0U);
  EXPECT_TRUE(target.exclusive);
  EXPECT_EQ(target.listeners, (std::vector<Listener>{{"0.0.0.0", 8080, ""}}));
  EXPECT_TRUE(scan.problems.empty());
}

TEST_F(DiscoveryTest, FollowsExecListenAndExit) {
  host_.add({.pid = 100, .comm = "sh", .exe = "/bin/sh", .cgroup = "/a"});
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  now_ += 1h;  // a wrapper may wait long for its database
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());

  host_.write("proc/100/comm", "mongod\n");
  std::filesystem::remove(host_.proc() + "/100/exe");
  std::filesystem::create_symlink("/usr/bin/mongod", host_.proc() + "/100/exe");
  auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].name, "mongod");
  EXPECT_TRUE(scan.targets[0].listeners.empty());
  EXPECT_TRUE(has(scan, Severity::warning, "process 100 does not listen"));

  now_ += 1h;  // a journal may take long to replay
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
  std::filesystem::create_symlink("socket:[77]", host_.proc() + "/100/fd/9");
  host_.listen(100, {{27017, 77}});
  now_ += 500ms;  // /proc/PID/net/tcp is costly: read every second while nothing listens for long
  scan = discovery.scan(tick());
  EXPECT_EQ(scan.targets[0].listeners, (std::vector<Listener>{{"0.0.0.0", 27017, ""}}));
  EXPECT_TRUE(scan.problems.empty());

  host_.remove(100);
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
}

TEST_F(DiscoveryTest, TheLastProcessIdLeadsToNewProcesses) {
  host_.write("proc/loadavg", "0.00 0.00 0.00 1/80 99\n");
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  add_traefik(100, "/a", 80);
  add_traefik(101, "/a", 80);
  host_.write("proc/101/status", "Name:\ttraefik\nTgid:\t100\n");  // a thread: not in listings
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());             // not given out yet: not looked for
  host_.write("proc/loadavg", "0.00 0.00 0.00 1/80 101\n");
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
  host_.remove(101);
  host_.remove(100);
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
}

TEST_F(DiscoveryTest, AWrapAroundOfProcessIdsIsNoticed) {
  host_.write("proc/loadavg", "0.00 0.00 0.00 1/80 32000\n");
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  add_traefik(300, "/a", 80);
  host_.write("proc/loadavg", "0.00 0.00 0.00 1/80 300\n");
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
}

TEST_F(DiscoveryTest, WhatTheIdsDoNotTellAListingFinds) {
  host_.write("proc/loadavg", "0.00 0.00 0.00 1/80 99\n");
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  add_traefik(50, "/a", 80);  // restored by CRIU with its old id
  now_ += 2s;
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
}

TEST_F(DiscoveryTest, WhereFdsAreNotReadableTheCgroupOfASocketTells) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every directory";
  host_.add({.pid = 100, .comm = "mongod", .exe = "/mongod", .cgroup = "/db", .sockets = {7}});
  struct stat status {};
  ASSERT_EQ(::stat((host_.cgroups() + "/db").c_str(), &status), 0);
  ASSERT_EQ(::chmod((host_.proc() + "/100/fd").c_str(), 0), 0);
  const uint64_t id = status.st_ino;
  auto discovery = make(default_rules(), [id](pid_t) {
    return std::vector<ListenSocket>{{"::", 22, 6, 1}, {"::", 27017, 7, id}};
  });
  EXPECT_EQ(discovery.scan(tick()).targets.at(0).listeners, (std::vector<Listener>{{"::", 27017, ""}}));
  host_.listen(100, {{27017, 7}});
  auto without = make();
  EXPECT_TRUE(has(without.scan(tick()), Severity::error, "CAP_SYS_PTRACE"));
  ASSERT_EQ(::chmod((host_.proc() + "/100/fd").c_str(), 0700), 0);
}

TEST_F(DiscoveryTest, AScriptOfTheNameIsNoTargetUntilItExecs) {
  host_.add({.pid = 100, .comm = "traefik", .exe = "/usr/bin/dash", .cgroup = "/a"});
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  std::filesystem::remove(host_.proc() + "/100/exe");
  std::filesystem::create_symlink("/opt/traefik", host_.proc() + "/100/exe");
  now_ += 1h;
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
}

TEST_F(DiscoveryTest, ZombiesAndKernelThreadsAreIgnored) {
  host_.add({.pid = 100, .comm = "traefik", .exe = "", .state = 'Z'});
  host_.add({.pid = 101, .comm = "mongod", .exe = "", .flags = 0x00200000});
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
}

TEST_F(DiscoveryTest, ATargetThatBecomesAZombieVanishes) {
  add_traefik(100, "/a", 80);
  auto discovery = make();
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
  std::filesystem::remove(host_.proc() + "/100/exe");
  host_.write("proc/100/stat", "100 (traefik) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1000 0 0\n");
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
}

TEST_F(DiscoveryTest, ARestartIsTheSameNameAndAnotherProcess) {
  add_traefik(100, "/a", 80);
  auto discovery = make();
  EXPECT_EQ(discovery.scan(tick()).targets[0].pid, 100);
  host_.remove(100);
  add_traefik(200, "/a", 80);
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].name, "traefik");
  EXPECT_EQ(scan.targets[0].pid, 200);
}

TEST_F(DiscoveryTest, TwoOfANameAreToldApart) {
  add_traefik(100, "/a", 80);
  add_traefik(200, "/b", 81);
  auto discovery = make();
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 2U);
  EXPECT_EQ(scan.targets[0].name, "traefik@/a");
  EXPECT_EQ(scan.targets[1].name, "traefik@/b");
}

TEST_F(DiscoveryTest, ACgroupWithStrangersIsNotExclusive) {
  host_.add({.pid = 50, .comm = "tini", .exe = "/tini", .cgroup = "/a"});
  host_.add({.pid = 100, .ppid = 50, .comm = "traefik", .exe = "/traefik", .cgroup = "/a", .sockets = {7}});
  host_.listen(100, {{80, 7}});
  host_.add({.pid = 101, .ppid = 100, .comm = "helper", .exe = "/helper", .cgroup = "/a/below"});
  auto discovery = make();
  EXPECT_TRUE(discovery.scan(tick()).targets.at(0).exclusive);
  host_.add({.pid = 300, .comm = "nginx", .exe = "/nginx", .cgroup = "/a"});
  EXPECT_FALSE(discovery.scan(tick()).targets.at(0).exclusive);
}

TEST_F(DiscoveryTest, TheRootCgroupIsNeverExclusive) {
  add_traefik(100, "/", 80);
  auto discovery = make();
  EXPECT_FALSE(discovery.scan(tick()).targets.at(0).exclusive);
}

TEST_F(DiscoveryTest, AMovedServerIsObservedWhereItsSocketIs) {
  host_.add({.pid = 100, .comm = "mongod", .exe = "/mongod", .cgroup = "/new", .sockets = {7}});
  std::filesystem::create_directories(host_.cgroups() + "/old");
  std::filesystem::path old = host_.cgroups() + "/old";
  struct stat status {};
  ASSERT_EQ(::stat(old.c_str(), &status), 0);
  const uint64_t id = status.st_ino;
  auto discovery = make(default_rules(), [id](pid_t) { return std::vector<ListenSocket>{{"::", 27017, 7, id}}; });
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].cgroup, "/old");
  EXPECT_EQ(scan.targets[0].cgroup_id, id);
  EXPECT_FALSE(scan.targets[0].exclusive);
  EXPECT_TRUE(has(scan, Severity::note, "created in /old"));
}

TEST_F(DiscoveryTest, ConfiguredPortsAndEntrypointNames) {
  TargetRule rule;
  rule.name = "edge";
  rule.process = "traefik";
  rule.ports = {80, 443};
  rule.entrypoints = {{80, "web"}, {443, "websecure"}};
  add_traefik(100, "/a", 80);
  auto discovery = make({rule});
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].name, "edge");
  EXPECT_EQ(scan.targets[0].listeners, (std::vector<Listener>{{"0.0.0.0", 80, "web"}, {"::", 443, "websecure"}}));
  EXPECT_TRUE(scan.targets[0].only_given_ports);
  EXPECT_TRUE(has(scan, Severity::warning, "does not listen on configured port 443"));
}

TEST_F(DiscoveryTest, WhatIsConfiguredAndMissingIsReported) {
  TargetRule by_pid;
  by_pid.pid = 4711;
  TargetRule by_cgroup;
  by_cgroup.kind = TargetKind::mongod;
  by_cgroup.cgroup = "/db";
  auto discovery = make({by_pid, by_cgroup});
  auto scan = discovery.scan(tick());
  EXPECT_TRUE(has(scan, Severity::warning, "no such process: pid 4711"));
  EXPECT_TRUE(has(scan, Severity::warning, "no such process: cgroup /db"));
  host_.add({.pid = 5, .comm = "bash", .exe = "/bin/bash", .cgroup = "/db"});
  host_.add({.pid = 6, .ppid = 5, .comm = "database", .exe = "/database", .cgroup = "/db/inner", .sockets = {9}});
  host_.listen(6, {{27017, 9}});
  scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].name, "mongod");
  EXPECT_EQ(scan.targets[0].pid, 6);
}

TEST_F(DiscoveryTest, NewRulesTakeEffectAtTheNextScan) {
  add_traefik(100, "/a", 80);
  auto discovery = make();
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
  TargetRule rule;
  rule.process = "nginx";
  discovery.set_rules({rule});
  EXPECT_TRUE(discovery.scan(tick()).targets.empty());
  discovery.set_rules(default_rules());
  EXPECT_EQ(discovery.scan(tick()).targets.size(), 1U);
}

TEST_F(DiscoveryTest, WithoutCgroup2ItSaysHowToMountIt) {
  add_traefik(100, "/a", 80);
  host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n");
  auto discovery = make();
  const auto scan = discovery.scan(tick());
  EXPECT_TRUE(has(scan, Severity::error, "mount -t cgroup2"));
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].cgroup_id, 0U);
}

TEST_F(DiscoveryTest, ForkedChildrenCountOnce) {
  host_.add({.pid = 100, .comm = "mongod", .exe = "/mongod", .cgroup = "/a", .sockets = {7}});
  host_.add({.pid = 101, .ppid = 100, .comm = "mongod", .exe = "/mongod", .cgroup = "/a", .sockets = {7}});
  host_.listen(100, {{27017, 7}});
  host_.listen(101, {{27017, 7}});
  auto discovery = make();
  const auto scan = discovery.scan(tick());
  ASSERT_EQ(scan.targets.size(), 1U);
  EXPECT_EQ(scan.targets[0].pid, 100);
}

}  // namespace
}  // namespace mme

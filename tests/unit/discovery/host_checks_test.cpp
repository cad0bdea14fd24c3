// SPDX-License-Identifier: Apache-2.0
#include "discovery/host_checks.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>

namespace mme {
namespace {

HostFacts good_host() {
  HostFacts facts;
  facts.kernel_release = "6.1.0-18-amd64";
  facts.mounts = {{"/", "/sys/fs/cgroup", "cgroup2", "rw"}};
  facts.capabilities = ~0ULL;
  facts.lockdown = "[none] integrity confidentiality";
  facts.unprivileged_bpf_disabled = 2;
  facts.jit_enable = 1;
  facts.stats_enabled = 0;
  facts.pid_namespace = "pid:[4026531836]";
  return facts;
}

Check find(const std::vector<Check>& checks, const std::string& name, CheckStatus status) {
  for (const auto& check : checks) {
    if (check.check == name && check.status == status) return check;
  }
  return {"none", CheckStatus::ok, "", "", false};
}

TEST(CheckHost, AGoodHostIsAllOk) {
  for (const auto& check : check_host(good_host())) {
    EXPECT_EQ(check.status, CheckStatus::ok) << check.check << ": " << check.detail;
  }
}

TEST(CheckHost, NothingKnownDoesNotCrash) {
  const auto checks = check_host({});
  EXPECT_EQ(exit_code(checks), 1);
  for (const auto& check : checks) EXPECT_TRUE(check.status == CheckStatus::ok || !check.mend.empty()) << check.check;
}

TEST(CheckHost, AnOldKernelStops) {
  auto facts = good_host();
  facts.kernel_release = "5.4.0";
  EXPECT_TRUE(find(check_host(facts), "kernel", CheckStatus::fail).stops);
}

TEST(CheckHost, NoCgroup2Stops) {
  auto facts = good_host();
  facts.mounts = {{"/", "/sys/fs/cgroup/cpu", "cgroup", "rw"}};
  const auto check = find(check_host(facts), "cgroup2", CheckStatus::fail);
  EXPECT_TRUE(check.stops);
  EXPECT_NE(check.mend.find("mount -t cgroup2"), std::string::npos);
}

TEST(CheckHost, HybridIsSaid) {
  auto facts = good_host();
  facts.mounts.push_back({"/", "/sys/fs/cgroup/cpu", "cgroup", "rw"});
  EXPECT_NE(find(check_host(facts), "cgroup2", CheckStatus::ok).detail.find("hybrid"), std::string::npos);
}

TEST(CheckHost, TheSmallestSetOfCapabilities) {
  auto facts = good_host();
  facts.capabilities = (1ULL << 39) | (1ULL << 12);  // CAP_BPF, CAP_NET_ADMIN
  EXPECT_NE(find(check_host(facts), "capabilities", CheckStatus::fail).detail.find("CAP_PERFMON"), std::string::npos);
  EXPECT_EQ(exit_code(check_host(facts)), 1);
  facts.capabilities |= 1ULL << 38;
  EXPECT_EQ(exit_code(check_host(facts)), 0);
  EXPECT_EQ(find(check_host(facts), "capabilities", CheckStatus::warn).status, CheckStatus::warn);
  facts.capabilities = 1ULL << 39;
  EXPECT_NE(find(check_host(facts), "capabilities", CheckStatus::fail).detail.find("CAP_NET_ADMIN"), std::string::npos);
  facts.capabilities = (1ULL << 12) | (1ULL << 21);  // CAP_SYS_ADMIN stands for CAP_BPF
  EXPECT_EQ(exit_code(check_host(facts)), 0);
}

TEST(CheckHost, MemlockMattersBefore511) {
  auto facts = good_host();
  facts.capabilities &= ~(1ULL << 24);
  facts.memlock_bytes = 64 << 10;
  EXPECT_EQ(exit_code(check_host(facts)), 0);
  facts.kernel_release = "5.10.0-28-amd64";
  EXPECT_TRUE(find(check_host(facts), "memlock", CheckStatus::fail).stops);
}

TEST(CheckHost, SettingsWarn) {
  auto facts = good_host();
  facts.unprivileged_bpf_disabled = 0;
  facts.jit_enable = 0;
  facts.stats_enabled = 1;
  facts.pid_namespace = "pid:[4026532000]";
  facts.possible_cpus = 128;
  facts.online_cpus = 2;
  const auto checks = check_host(facts);
  for (const char* name : {"unprivileged_bpf", "jit", "bpf_stats", "pid_namespace", "memory"}) {
    EXPECT_EQ(find(checks, name, CheckStatus::warn).check, name);
  }
  EXPECT_EQ(exit_code(checks), 0);
}

TEST(CheckHost, LockdownIsNoHindrance) {
  auto facts = good_host();
  facts.lockdown = "none integrity [confidentiality]";
  EXPECT_NE(find(check_host(facts), "lockdown", CheckStatus::ok).detail.find("confidentiality"), std::string::npos);
}

TEST(MendOfLoad, NamesWhatIsMissing) {
  auto facts = good_host();
  facts.capabilities = 1ULL << 12;  // CAP_NET_ADMIN
  EXPECT_NE(mend_of_load(EPERM, facts).find("needs CAP_BPF, CAP_PERFMON"), std::string::npos);
  facts.capabilities |= 1ULL << 39;  // CAP_BPF
  for (const int error : {EFAULT, E2BIG, EACCES, EINVAL}) {
    EXPECT_NE(mend_of_load(error, facts).find("needs CAP_PERFMON"), std::string::npos);
  }
  facts.capabilities |= 1ULL << 38;  // CAP_PERFMON
  EXPECT_EQ(mend_of_load(E2BIG, facts).find("CAP_PERFMON"), std::string::npos);
  EXPECT_NE(mend_of_load(EPERM, facts).find("user namespace"), std::string::npos);
  EXPECT_NE(mend_of_load(ENOMEM, facts).find("RLIMIT_MEMLOCK"), std::string::npos);
}

HookState hook(const std::string& cgroup, uint32_t flags, size_t programs) {
  HookState state{cgroup, "cgroup_skb/ingress", flags, {}};
  for (size_t i = 0; i < programs; ++i) state.programs.push_back({static_cast<uint32_t>(7 + i), "firewall"});
  return state;
}

TEST(CheckHook, FreeOrShared) {
  EXPECT_EQ(check_hook({hook("/a", 0, 0), hook("/", 0, 0)}).detail, "free");
  EXPECT_EQ(check_hook({hook("/a", BPF_F_ALLOW_MULTI, 1), hook("/", 0, 0)}).status, CheckStatus::ok);
  EXPECT_EQ(check_hook({hook("/a", 0, 0), hook("/", BPF_F_ALLOW_OVERRIDE, 1)}).status, CheckStatus::ok);
}

TEST(CheckHook, AFlaglessProgramRefusesOurs) {
  const auto own = check_hook({hook("/a", 0, 1), hook("/", 0, 0)});
  EXPECT_EQ(own.status, CheckStatus::fail);
  EXPECT_NE(own.detail.find("7 (firewall) on /a"), std::string::npos);
  EXPECT_NE(own.detail.find("EPERM"), std::string::npos);
  EXPECT_NE(check_hook({hook("/a/b", 0, 0), hook("/a", 0, 1), hook("/", 0, 0)}).detail.find("on /a"),
            std::string::npos);
  EXPECT_EQ(check_hook({hook("/a", BPF_F_ALLOW_OVERRIDE, 1), hook("/", 0, 0)}).status, CheckStatus::fail);
  // An ancestor that allows several has been asked before: what is above it does not matter.
  EXPECT_EQ(check_hook({hook("/a/b", 0, 0), hook("/a", BPF_F_ALLOW_MULTI, 1), hook("/", 0, 1)}).status,
            CheckStatus::ok);
}

TEST(CheckHook, TooMany) {
  EXPECT_NE(check_hook({hook("/a", BPF_F_ALLOW_MULTI, 64)}).detail.find("E2BIG"), std::string::npos);
}

TEST(CheckTargets, SaysWhereTheyAre) {
  DiscoveryScan scan;
  EXPECT_EQ(check_targets(scan).at(0).check, "targets");
  Target target;
  target.name = "traefik";
  target.pid = 12;
  target.cgroup = "/a";
  target.exclusive = true;
  target.listeners = {{"0.0.0.0", 80, ""}, {"::", 443, ""}};
  scan.targets = {target};
  EXPECT_EQ(check_targets(scan).at(0).detail, "pid 12, 0.0.0.0:80, [::]:443, cgroup /a (its own)");
  scan.targets[0].cgroup = "/";
  EXPECT_EQ(check_targets(scan).at(0).status, CheckStatus::warn);
  scan.problems = {{DiscoveryProblem::Severity::error, "traefik", "read /proc/12/fd: EACCES"}};
  EXPECT_EQ(exit_code(check_targets(scan)), 3);
}

TEST(CountCpus, ReadsRanges) {
  EXPECT_EQ(count_cpus("0-3,8"), 5U);
  EXPECT_EQ(count_cpus("0"), 1U);
  EXPECT_EQ(count_cpus(""), 0U);
  EXPECT_EQ(count_cpus("3-1"), 0U);
  EXPECT_EQ(count_cpus("x"), 0U);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/host_checks.h"

#include <linux/bpf.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "discovery/cgroup_path.h"

namespace mme {
namespace {

// Not in older UAPI headers (Linux 5.8).
constexpr unsigned cap_perfmon = 38;
constexpr unsigned cap_bpf = 39;
constexpr uint64_t memlock_needed = 8ULL << 20;          // measured on 5.10
constexpr size_t programs_max = 64;                      // BPF_CGROUP_MAX_PROGS of the kernel
constexpr const char* init_pid_ns = "pid:[4026531836]";  // PROC_PID_INIT_INO

Check ok(std::string name, std::string detail) {
  return {.check = std::move(name), .status = CheckStatus::ok, .detail = std::move(detail), .mend = {}, .stops = false};
}
Check warn(std::string name, std::string detail, std::string mend) {
  return {std::move(name), CheckStatus::warn, std::move(detail), std::move(mend), false};
}
Check degrades(std::string name, std::string detail, std::string mend) {
  return {std::move(name), CheckStatus::fail, std::move(detail), std::move(mend), false};
}
Check stops(std::string name, std::string detail, std::string mend) {
  return {std::move(name), CheckStatus::fail, std::move(detail), std::move(mend), true};
}

struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};

Version kernel_version(const HostFacts& facts) {
  Version version;
  if (std::sscanf(facts.kernel_release.c_str(), "%d.%d", &version.major, &version.minor) != 2) return {};
  return version;
}

Check check_kernel(const HostFacts& facts) {
  const Version version = kernel_version(facts);
  if (version == Version{}) return warn("kernel", "release is not readable", "let the agent read /proc/sys");
  if (version < Version{5, 10}) {
    return stops("kernel", "Linux " + facts.kernel_release, "Linux 5.10 or newer is needed");
  }
  return ok("kernel", "Linux " + facts.kernel_release);
}

Check check_btf(const HostFacts& facts) {
  return ok("btf", facts.btf ? "BTF of the kernel is there" : "no BTF of the kernel; the agent does not need it");
}

Check check_cgroup2(const HostFacts& facts) {
  const auto mount = find_cgroup2(facts.mounts);
  if (!mount) {
    return stops("cgroup2", "no cgroup v2 hierarchy is mounted",
                 "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified");
  }
  const bool hybrid =
      std::any_of(facts.mounts.begin(), facts.mounts.end(), [](const Mount& m) { return m.fs_type == "cgroup"; });
  if (mount->root != "/" && levels_above(mount->root) == 0) {
    return warn("cgroup2", mount->mount_point + " shows " + mount->root + " only", "mount the whole hierarchy");
  }
  return ok("cgroup2", mount->mount_point + (hybrid ? " (hybrid, beside cgroup v1)" : " (unified)"));
}

bool has(const HostFacts& facts, unsigned capability) {
  return ((facts.capabilities >> capability) & 1) != 0;
}

// What each is needed for: docs of capabilities(7), bpf(2), proc(5).
std::vector<Check> check_capabilities(const HostFacts& facts) {
  constexpr const char* name = "capabilities";
  constexpr const char* mend =
      "run as root, or give the service AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON "
      "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH";
  const bool admin = has(facts, CAP_SYS_ADMIN);
  std::vector<Check> checks;
  if (!admin && !has(facts, cap_bpf)) checks.push_back(stops(name, "CAP_BPF is missing (to load the programs)", mend));
  if (!has(facts, CAP_NET_ADMIN)) {
    checks.push_back(stops(name, "CAP_NET_ADMIN is missing (to attach to cgroups)", mend));
  }
  if (!admin && !has(facts, cap_perfmon)) {
    checks.push_back(stops(name, "CAP_PERFMON is missing (without it the verifier refuses every loop)", mend));
  }
  if (!has(facts, CAP_SYS_PTRACE) || !has(facts, CAP_DAC_READ_SEARCH)) {
    checks.push_back(warn(name,
                          "CAP_SYS_PTRACE or CAP_DAC_READ_SEARCH is missing: whose sockets are whose is not seen "
                          "for processes of other users",
                          mend));
  }
  if (checks.empty()) checks.push_back(ok(name, admin ? "all that are needed (CAP_SYS_ADMIN)" : "all that are needed"));
  return checks;
}

Check check_memlock(const HostFacts& facts) {
  if (kernel_version(facts) >= Version{5, 11}) return ok("memlock", "not counted since Linux 5.11");
  if (facts.memlock_bytes >= memlock_needed || has(facts, CAP_SYS_RESOURCE)) return ok("memlock", "large enough");
  return stops("memlock", "RLIMIT_MEMLOCK is " + std::to_string(facts.memlock_bytes >> 10) + " KiB",
               "LimitMEMLOCK=infinity in the service, or CAP_SYS_RESOURCE");
}

Check check_bpffs(const HostFacts& facts) {
  for (const auto& mount : facts.mounts) {
    if (mount.fs_type == "bpf") return ok("bpffs", mount.mount_point);
  }
  return ok("bpffs", "not mounted; nothing is pinned");
}

Check check_lockdown(const HostFacts& facts) {
  if (!facts.lockdown) return ok("lockdown", "not in use");
  if (facts.lockdown->find("[confidentiality]") != std::string::npos) {
    return ok("lockdown", "confidentiality: programs that read kernel memory are refused, but the agent's do not");
  }
  return ok("lockdown", *facts.lockdown);
}

std::vector<Check> check_settings(const HostFacts& facts) {
  std::vector<Check> checks;
  if (facts.unprivileged_bpf_disabled == 0U) {
    checks.push_back(warn("unprivileged_bpf", "every user may load BPF programs",
                          "sysctl kernel.unprivileged_bpf_disabled=2 (the agent has the capabilities it needs)"));
  } else {
    checks.push_back(ok("unprivileged_bpf", facts.unprivileged_bpf_disabled ? "disabled" : "not known"));
  }
  if (facts.jit_enable == 0U) {
    checks.push_back(
        warn("jit", "BPF programs are interpreted, several times slower", "sysctl net.core.bpf_jit_enable=1"));
  } else {
    checks.push_back(ok("jit", facts.jit_enable ? "enabled" : "not known"));
  }
  if (facts.stats_enabled == 1U) {
    checks.push_back(warn("bpf_stats", "each run of each BPF program is timed, which costs about 0.1 µs",
                          "sysctl kernel.bpf_stats_enabled=0 when the measurement is done"));
  } else {
    checks.push_back(ok("bpf_stats", facts.stats_enabled ? "off" : "not known"));
  }
  return checks;
}

Check check_pid_namespace(const HostFacts& facts) {
  if (!facts.pid_namespace) return ok("pid_namespace", "not known");
  if (*facts.pid_namespace == init_pid_ns) return ok("pid_namespace", "the host's");
  return warn("pid_namespace", "not the host's: only processes of this container are found",
              "share it: hostPID: true, or --pid=host");
}

Check check_memory(const HostFacts& facts) {
  const std::string cpus =
      std::to_string(facts.possible_cpus) + " possible CPUs, " + std::to_string(facts.online_cpus) + " online";
  if (facts.possible_cpus > 4 * facts.online_cpus && facts.possible_cpus > 16) {
    return warn("memory", cpus + ": per-CPU maps are allocated for the possible ones",
                "possible_cpus=" + std::to_string(facts.online_cpus) + " on the kernel's command line saves that");
  }
  return ok("memory", cpus + "; `run` logs what its maps take");
}

std::string describe_listeners(const Target& target) {
  std::string text;
  for (const auto& listener : target.listeners) {
    const bool v6 = listener.address.find(':') != std::string::npos;
    text += (text.empty() ? "" : ", ") + (v6 ? "[" + listener.address + "]" : listener.address) + ":" +
            std::to_string(listener.port);
  }
  return text.empty() ? "no port yet" : text;
}

Check check_target(const Target& target) {
  const std::string name = "target " + target.name;
  const std::string where = "pid " + std::to_string(target.pid) + ", " + describe_listeners(target) + ", cgroup " +
                            (target.cgroup.empty() ? "unknown" : target.cgroup);
  if (target.cgroup == "/") {
    return warn(name, where + ": in the root cgroup the packets of every process pass by the programs",
                "start it in a cgroup of its own, as a systemd service or a container");
  }
  return ok(name, where + (target.exclusive ? " (its own)" : " (shared with other processes)"));
}

std::string list_programs(const HookState& state) {
  std::string text;
  for (const auto& program : state.programs) {
    text += (text.empty() ? "" : ", ") + std::to_string(program.id) +
            (program.name.empty() ? "" : " (" + program.name + ")");
  }
  return text;
}

}  // namespace

const char* status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::warn:
      return "warn";
    case CheckStatus::fail:
      break;
  }
  return "fail";
}

std::vector<Check> check_host(const HostFacts& facts) {
  std::vector<Check> checks = {check_kernel(facts), check_btf(facts), check_cgroup2(facts)};
  const auto append = [&](const std::vector<Check>& more) { checks.insert(checks.end(), more.begin(), more.end()); };
  append(check_capabilities(facts));
  append({check_memlock(facts), check_bpffs(facts), check_lockdown(facts)});
  append(check_settings(facts));
  append({check_pid_namespace(facts), check_memory(facts)});
  return checks;
}

std::vector<Check> check_targets(const DiscoveryScan& scan) {
  std::vector<Check> checks;
  for (const auto& target : scan.targets) checks.push_back(check_target(target));
  for (const auto& problem : scan.problems) {
    const std::string name = "target " + problem.subject;
    const bool error = problem.severity == DiscoveryProblem::Severity::error;
    checks.push_back(error ? degrades(name, problem.message, {}) : warn(name, problem.message, {}));
  }
  if (scan.targets.empty()) {
    checks.push_back(
        warn("targets", "no process to observe was found", "start traefik or mongod, or configure `targets`"));
  }
  return checks;
}

// As hierarchy_allows_attach() and __cgroup_bpf_attach() of kernel/bpf/cgroup.c decide for BPF_F_ALLOW_MULTI.
Check check_hook(const std::vector<HookState>& cgroup_and_ancestors) {
  if (cgroup_and_ancestors.empty()) return ok("hook", "");
  const HookState& own = cgroup_and_ancestors.front();
  const std::string name = "hook " + own.hook + " " + own.cgroup;
  const auto refuses = [&](const HookState& state, const std::string& flags) {
    return degrades(name,
                    "program " + list_programs(state) + " on " + state.cgroup + " is attached " + flags +
                        ": ours would be refused with EPERM",
                    "attach that program with BPF_F_ALLOW_MULTI, or detach it: bpftool cgroup show " + state.cgroup);
  };
  if (!own.programs.empty() && (own.attach_flags & BPF_F_ALLOW_MULTI) == 0) {
    return refuses(own, own.attach_flags == 0 ? "without flags" : "with BPF_F_ALLOW_OVERRIDE");
  }
  if (own.programs.size() >= programs_max) {
    return degrades(name, std::to_string(own.programs.size()) + " programs: ours would be refused with E2BIG",
                    "detach some: bpftool cgroup show " + own.cgroup);
  }
  std::string others = own.programs.empty() ? "" : "beside program " + list_programs(own);
  for (size_t i = 1; i < cgroup_and_ancestors.size(); ++i) {
    const HookState& ancestor = cgroup_and_ancestors[i];
    if (ancestor.programs.empty()) continue;
    if (ancestor.attach_flags == 0) return refuses(ancestor, "without flags");
    others +=
        (others.empty() ? "below program " : "; below program ") + list_programs(ancestor) + " on " + ancestor.cgroup;
    if ((ancestor.attach_flags & BPF_F_ALLOW_MULTI) != 0) break;
  }
  return ok(name, others.empty() ? "free" : others);
}

std::string mend_of_load(int error_number, const HostFacts& facts) {
  const bool admin = has(facts, CAP_SYS_ADMIN);
  const bool perfmon = admin || has(facts, cap_perfmon);
  switch (error_number) {
    case EPERM: {
      std::string missing;
      if (!admin && !has(facts, cap_bpf)) missing += ", CAP_BPF";
      if (!has(facts, CAP_NET_ADMIN)) missing += ", CAP_NET_ADMIN";
      if (!perfmon) missing += ", CAP_PERFMON";
      if (!missing.empty()) return "needs" + missing.substr(1) + "; run as root, or see `mme-agent doctor`";
      return "needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON of the host, not of a user namespace";
    }
    // EFAULT, E2BIG: what following speculative branches ends with, by kernel.
    case EFAULT:
    case E2BIG:
    case EACCES:
    case EINVAL:
      if (!perfmon) return "needs CAP_PERFMON, without which the verifier refuses every loop; see `mme-agent doctor`";
      return "the verifier refused the program; Linux 5.10 or newer is needed, see `mme-agent doctor`";
    case ENOMEM:
      return "not enough memory or, before Linux 5.11, RLIMIT_MEMLOCK is too low: set LimitMEMLOCK=infinity";
    default:
      return "Linux 5.10 or newer is needed, see `mme-agent doctor`";
  }
}

int exit_code(const std::vector<Check>& checks) {
  const auto any = [&](auto condition) { return std::any_of(checks.begin(), checks.end(), condition); };
  if (any([](const Check& check) { return check.status == CheckStatus::fail && check.stops; })) return 1;
  return any([](const Check& check) { return check.status == CheckStatus::fail; }) ? 3 : 0;
}

}  // namespace mme

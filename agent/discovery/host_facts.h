// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "discovery/proc_parse.h"

namespace mme {

// What the kernel says of this host, unjudged. Nothing: the file is not there or cannot be read.
struct HostFacts {
  std::string kernel_release;  // "6.1.0-18-amd64"
  bool btf = false;
  std::vector<Mount> mounts;
  uint64_t capabilities = 0;  // effective, bit n = capability n
  uint64_t memlock_bytes = 0;
  std::optional<std::string> lockdown;  // "[none] integrity confidentiality"
  std::optional<uint64_t> unprivileged_bpf_disabled;
  std::optional<uint64_t> jit_enable;
  std::optional<uint64_t> stats_enabled;
  std::optional<std::string> pid_namespace;  // "pid:[4026531836]"
  uint32_t possible_cpus = 1;
  uint32_t online_cpus = 1;
};

[[nodiscard]] HostFacts read_host_facts(const std::string& proc_root, const std::string& sys_root);

// CPUs in "0-3,8": 5. 0: not understood.
[[nodiscard]] uint32_t count_cpus(std::string_view list);

// A hook on one cgroup as BPF_PROG_QUERY shows it.
struct HookState {
  std::string cgroup;         // below the cgroup v2 mount
  std::string hook;           // "cgroup_skb/ingress"
  uint32_t attach_flags = 0;  // BPF_F_ALLOW_*
  struct Program {
    uint32_t id = 0;
    std::string name;  // empty: may not be asked
  };
  std::vector<Program> programs;
};

}  // namespace mme

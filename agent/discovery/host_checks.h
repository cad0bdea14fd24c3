// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "discovery/discovery.h"
#include "discovery/host_facts.h"

// Facts of a host to verdicts. Nothing here asks the host.
namespace mme {

enum class CheckStatus : uint8_t { ok, warn, fail };

struct Check {
  std::string check;  // "kernel", "cgroup2", "target traefik"
  CheckStatus status = CheckStatus::ok;
  std::string detail;
  std::string mend;    // what to do; empty where there is nothing to
  bool stops = false;  // a fail without which the agent does not start

  bool operator==(const Check&) const = default;
};

[[nodiscard]] const char* status_name(CheckStatus status);  // "ok", "warn", "fail"

// Kernel, mounts, capabilities and settings.
[[nodiscard]] std::vector<Check> check_host(const HostFacts& facts);

// One line a target, one a problem of discovery.
[[nodiscard]] std::vector<Check> check_targets(const DiscoveryScan& scan);

// Whether a program can be attached (BPF_F_ALLOW_MULTI) to the first cgroup; the others are its ancestors, innermost
// first; all are states of one hook.
[[nodiscard]] Check check_hook(const std::vector<HookState>& cgroup_and_ancestors);

// Why the kernel refused to load the programs with this errno, and what to do.
[[nodiscard]] std::string mend_of_load(int error_number, const HostFacts& facts);

// The exit code of a command that made these checks: 0, 3 (degraded) or 1 (the agent is stopped).
[[nodiscard]] int exit_code(const std::vector<Check>& checks);

}  // namespace mme

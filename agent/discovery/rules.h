// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "discovery/target.h"

namespace mme {

// Which processes are targets. `pid` decides alone; otherwise `cgroup` and `process` must both match where they are
// set; with none of them the kind's own name ("traefik", "mongod") is the process name. The first rule that matches a
// process has it.
struct TargetRule {
  TargetKind kind = TargetKind::traefik;
  std::string name;                             // Target::name; empty: the process name
  std::string process;                          // compared with comm, basename of exe and of argv[0]
  pid_t pid = 0;                                // 0: not by pid; in the agent's PID namespace
  std::string cgroup;                           // path below the cgroup v2 mount; its descendants match too
  std::vector<uint16_t> ports;                  // only these, and at any address ("::") before it listens; empty: all
  std::map<uint16_t, std::string> entrypoints;  // port -> entrypoint label

  bool operator==(const TargetRule&) const = default;
};

// Every traefik and every mongod: what is observed without a configuration.
[[nodiscard]] std::vector<TargetRule> default_rules();

[[nodiscard]] const char* kind_name(TargetKind kind);  // "traefik", "mongod"

}  // namespace mme

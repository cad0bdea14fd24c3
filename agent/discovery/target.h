// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mme {

enum class TargetKind : uint8_t { traefik, mongod };

// A TCP port on which a process listens.
struct Listener {
  std::string address;  // "0.0.0.0", "::", "10.0.0.5"
  uint16_t port = 0;    // host order
  std::string name;     // entrypoint label; empty: not resolved, ":PORT" is shown

  auto operator<=>(const Listener&) const = default;
};

// One running process that is to be observed. A restarted process is a new Target of the same `name`.
struct Target {
  TargetKind kind = TargetKind::traefik;
  std::string name;          // stable across restarts: configured name, else process name and cgroup
  pid_t pid = 0;             // in the agent's PID namespace
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat; with pid identifies the process
  std::string cgroup;        // path below the cgroup v2 mount: "/system.slice/traefik.service", "/"
  uint64_t cgroup_id = 0;    // inode of that directory = bpf cgroup id
  bool exclusive = false;    // nothing but this process and its own family lives in the cgroup
  std::vector<Listener> listeners;
  bool only_given_ports = false;  // it may listen on others than `listeners`: the rule does not ask for them
  size_t rule = 0;                // the place of the TargetRule that it matched

  bool operator==(const Target&) const = default;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discovery/target.h"

namespace mme {

// Where to observe a process: a socket stays in the cgroup in which it was created (accepted ones in their listener's),
// though the process may have been moved since, and systemd creates those of socket units itself.
struct ObservedCgroup {
  std::string path;
  std::string note;  // empty where the listening sockets are in the process' own cgroup
};

// mongod's sockets are all accepted: those of its listeners. Traefik also opens some, in the process' own cgroup: the
// innermost cgroup that holds all of them. `of_listeners`: one path each; nothing: removed since.
[[nodiscard]] ObservedCgroup observed_cgroup(TargetKind kind, const std::string& of_process,
                                             const std::vector<std::optional<std::string>>& of_listeners);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/socket_cgroup.h"

#include <algorithm>

#include "discovery/cgroup_path.h"

namespace mme {

ObservedCgroup observed_cgroup(TargetKind kind, const std::string& of_process,
                               const std::vector<std::optional<std::string>>& of_listeners) {
  std::optional<std::string> path;
  if (kind == TargetKind::traefik) path = of_process;
  std::string elsewhere;
  bool removed = false;
  for (const auto& listener : of_listeners) {
    removed |= !listener.has_value();
    if (!listener) continue;
    path = path ? common_ancestor(*path, *listener) : *listener;
    if (*listener != of_process) elsewhere = *listener;
  }
  ObservedCgroup observed{path.value_or(of_process), {}};
  if (!elsewhere.empty()) {
    observed.note = "runs in cgroup " + of_process + " but its listening socket was created in " + elsewhere +
                    ": observed at " + observed.path + " (start it in the cgroup, rather than moving it there)";
  } else if (removed) {
    observed.note =
        "its listening socket was created in a cgroup that has been removed since: what it accepts is not "
        "seen (restart it)";
  }
  return observed;
}

}  // namespace mme

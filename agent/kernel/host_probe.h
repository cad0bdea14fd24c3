// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "discovery/host_facts.h"

namespace mme {

// Loads a cgroup_skb program of a few instructions with a loop and socket storage, as the observer's have, and closes
// it again. Nothing is attached. The error names the step, errno and the mend.
[[nodiscard]] Result<> probe_load();

// What is attached to the agent's hooks on one cgroup itself (not its ancestors): a state for each hook. Needs
// CAP_NET_ADMIN; names of programs need CAP_SYS_ADMIN.
[[nodiscard]] Result<std::vector<HookState>> query_hooks(const std::string& mount_point, const std::string& cgroup);

}  // namespace mme

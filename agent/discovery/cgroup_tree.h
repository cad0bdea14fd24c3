// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mme {

// The cgroup v2 hierarchy as mounted: read only.
class CgroupTree {
 public:
  // Finds the mount in PROC_ROOT/self/mountinfo: /sys/fs/cgroup, or /sys/fs/cgroup/unified on hybrid hosts.
  [[nodiscard]] static Result<CgroupTree> open(const std::string& proc_root);

  [[nodiscard]] const std::string& mount_point() const { return mount_point_; }
  [[nodiscard]] std::string directory(std::string_view path) const;

  // Path below the mount for the path in /proc/PID/cgroup (see path_below_mount).
  [[nodiscard]] Result<std::string> resolve(std::string_view process_path) const;

  // Inode of the directory, which on 64-bit kernels is the id that bpf_skb_cgroup_id and INET_DIAG_CGROUP_ID give.
  [[nodiscard]] Result<uint64_t> id(std::string_view path) const;

  // The path of a cgroup id: walks all directories. Nothing where it has been removed.
  [[nodiscard]] std::optional<std::string> find(uint64_t id) const;

  // Processes in the cgroup and in those below it, ascending. A process outside the agent's PID namespace reads as 0.
  // Nothing more is read once there are `limit` of them.
  [[nodiscard]] std::vector<pid_t> members(std::string_view path, size_t limit) const;

 private:
  CgroupTree(std::string mount_point, std::string mount_root, std::string namespace_root);

  std::string mount_point_;
  std::string mount_root_;
  std::string namespace_root_;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/link.h"
#include "kernel/programs.h"
#include "metrics/snapshot.h"

namespace mme {

// Which cgroups have our hooks. A cgroup below another one that has them is covered by it: attached to both, every
// packet would be counted twice.
class Attachments {
 public:
  explicit Attachments(const Programs& programs) : hooks_(hook_programs(programs)) {}

  // Makes sure that `cgroup` (path below the cgroup v2 mount, and its id) is covered.
  [[nodiscard]] Result<> cover(const std::string& mount_point, const std::string& cgroup, uint64_t cgroup_id);
  // Detaches from every cgroup that is none of these (path → id), and attaches to those that it covered themselves.
  void keep_only(const std::string& mount_point, const std::map<std::string, uint64_t>& cgroups);

  [[nodiscard]] bool attached_to(const std::string& cgroup, uint64_t cgroup_id) const;
  // Paths of the cgroups that have our hooks.
  [[nodiscard]] std::vector<std::string> cgroups() const;
  [[nodiscard]] std::vector<Attachment> list(const std::map<std::string, std::string>& target_by_cgroup) const;
  // The hooks that `target` lacks on a cgroup that is not covered: all of them, for they come and go together.
  [[nodiscard]] std::vector<Attachment> missing(const std::string& target, const std::string& cgroup,
                                                const std::string& error) const;

 private:
  [[nodiscard]] bool covered(const std::string& cgroup) const;

  struct Attached {
    uint64_t cgroup_id = 0;
    std::vector<Link> links;
  };

  [[nodiscard]] Result<Attached> attach(const std::string& mount_point, const std::string& cgroup);

  std::vector<HookProgram> hooks_;
  std::map<std::string, Attached> by_cgroup_;
};

}  // namespace mme

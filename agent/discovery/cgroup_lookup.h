// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "discovery/cgroup_tree.h"

namespace mme {

// Paths of cgroup ids. The hierarchy is walked once an id; an id never comes back, so one that was not found is gone
// for good.
class CgroupLookup {
 public:
  // `guess` is tried first.
  [[nodiscard]] std::optional<std::string> path(const CgroupTree& tree, uint64_t id, const std::string& guess);

 private:
  std::map<uint64_t, std::optional<std::string>> known_;  // bounded; those other than the guess
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/cgroup_lookup.h"

namespace mme {
namespace {

constexpr size_t known_max = 1024;

bool is(const CgroupTree& tree, const std::string& path, uint64_t id) {
  const auto found = tree.id(path);
  return found && *found == id;
}

}  // namespace

std::optional<std::string> CgroupLookup::path(const CgroupTree& tree, uint64_t id, const std::string& guess) {
  if (is(tree, guess, id)) return guess;
  const auto known = known_.find(id);
  if (known != known_.end() && (!known->second || is(tree, *known->second, id))) return known->second;
  if (known_.size() >= known_max) known_.clear();
  return known_[id] = tree.find(id);
}

}  // namespace mme

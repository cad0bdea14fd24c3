// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "discovery/target.h"
#include "kernel/programs.h"

namespace mme {

// What the kernel is told of the observed processes: a pure function of them.
struct TargetTables {
  struct ListenerEntry {
    mme_listener_key key{};
    mme_listener value{};
  };
  std::vector<ListenerEntry> listeners;
  std::map<uint64_t, mme_cgroup> cgroups;
  std::map<uint32_t, uint16_t> processes;
  mme_ports ports{};
};
struct ObservedTarget {
  uint16_t id = 0;
  Target target;
};
[[nodiscard]] TargetTables target_tables(const std::vector<ObservedTarget>& targets, bool shared_hooks);

// Writes the tables and deletes what is no longer in them.
[[nodiscard]] Result<> write_tables(const observer_bpf& skeleton, const TargetTables& tables);

}  // namespace mme

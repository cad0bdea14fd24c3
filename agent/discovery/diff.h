// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "discovery/target.h"

namespace mme {

// What happened between two scans, by Target::name.
struct TargetChanges {
  std::vector<Target> appeared;
  std::vector<Target> changed;   // the new state; a restart is a change too: another pid or start_ticks
  std::vector<Target> vanished;  // the last state

  [[nodiscard]] bool empty() const { return appeared.empty() && changed.empty() && vanished.empty(); }
};

// Both lists ascending by name, as Discovery::scan returns them.
[[nodiscard]] TargetChanges diff(const std::vector<Target>& before, const std::vector<Target>& after);

}  // namespace mme

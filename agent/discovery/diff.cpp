// SPDX-License-Identifier: Apache-2.0
#include "discovery/diff.h"

namespace mme {

TargetChanges diff(const std::vector<Target>& before, const std::vector<Target>& after) {
  TargetChanges changes;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->name < now->name)) {
      changes.vanished.push_back(*old++);
    } else if (old == before.end() || now->name < old->name) {
      changes.appeared.push_back(*now++);
    } else {
      if (*old != *now) changes.changed.push_back(*now);
      ++old;
      ++now;
    }
  }
  return changes;
}

}  // namespace mme

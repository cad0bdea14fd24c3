// SPDX-License-Identifier: Apache-2.0
#include "web/status.h"

namespace mme {

std::vector<GroupStatus> group_status(const Totals& before, const Totals& after) {
  const double window_s = after.monotonic_s - before.monotonic_s;
  const std::vector<GroupTotals> changes = difference(before, after);
  std::vector<GroupStatus> groups;
  groups.reserve(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    groups.push_back({changes[i].key, figures(changes[i].counts, window_s), figures(after.groups[i].counts, 0)});
  }
  return groups;
}

}  // namespace mme

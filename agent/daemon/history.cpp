// SPDX-License-Identifier: Apache-2.0
#include "daemon/history.h"

namespace mme {

bool History::due(double now_s) const {
  return totals_.empty() || now_s - totals_.back().monotonic_s >= kSpacingSeconds;
}

void History::add(const Totals& totals) {
  if (!due(totals.monotonic_s)) return;
  totals_.push_back(totals);
  while (totals_.size() > 1 && totals.monotonic_s - totals_[1].monotonic_s >= kWindowSeconds) totals_.pop_front();
}

Totals History::before(double now_s) const {
  if (totals_.empty()) return {.monotonic_s = now_s, .groups = {}};
  const Totals* best = &totals_.front();
  for (const Totals& totals : totals_) {
    if (now_s - totals.monotonic_s >= kWindowSeconds) best = &totals;
  }
  return *best;
}

}  // namespace mme

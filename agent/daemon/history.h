// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "metrics/rates.h"

namespace mme {

// The Totals of the last seconds, so that a status can say what happened lately.
class History {
 public:
  static constexpr double kSpacingSeconds = 5;
  static constexpr double kWindowSeconds = 10;

  // No Totals for kSpacingSeconds.
  [[nodiscard]] bool due(double now_s) const;

  // Kept when due; drops what no window will need.
  void add(const Totals& totals);

  // The youngest of at least kWindowSeconds before `now_s`, else the oldest there is; without any, empty ones of
  // `now_s`.
  [[nodiscard]] Totals before(double now_s) const;

 private:
  std::deque<Totals> totals_;  // ascending by time
};

}  // namespace mme

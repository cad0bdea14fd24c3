// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metrics/kernel_snapshot.h"

namespace mme {

// Which series of MongoDB a full family should be without, so that those with the most exchanges have labels: where
// exchanges go to `_other`, those that had none for half a minute, or less than a tenth of what is usual. Where all
// have about as many, they keep their places. Series that some family shows as one are chosen together.
class ColdSeries {
 public:
  // At most `most` at a time.
  explicit ColdSeries(size_t most) : most_(most) {}

  // Half a minute has passed since the last choose().
  [[nodiscard]] bool due(double monotonic_s) const { return monotonic_s >= next_s_; }
  // The coldest first. Nothing where nothing went to `_other` since the last call; the less, the more places of retired
  // ones nobody has taken yet.
  [[nodiscard]] std::vector<mme_series_key> choose(const KernelSnapshot& now);

 private:
  using Key = std::string;  // the bytes of what a mme_series_key shows

  size_t most_;
  double next_s_ = 0;
  uint64_t overflow_ = 0;
  std::map<Key, uint64_t> exchanges_;  // at the last call
};

}  // namespace mme

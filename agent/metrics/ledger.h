// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"

namespace mme {

// Keeps counts with the names that were true when they were made. The kernel counts by address and goes on when a
// service is renamed or its server becomes another's; what it had counted until then is settled here.
class Ledger {
 public:
  // At most so many settled series of a family; the rest goes to `_other`.
  explicit Ledger(size_t series_max) : series_max_(series_max) {}

  // Names change: what `raw` holds of series whose labels differ keeps those of `before`. Series without a name get the
  // new one for all of their past.
  void settle(KernelSnapshot raw, const ResolveContext& before, const ResolveContext& after);

  // Takes what is settled out of the kernel's counts.
  void subtract(KernelSnapshot& raw) const;

  struct Settled {
    HttpLabels labels;
    RawSeries counts;
  };
  // Of one family (enum mme_family), in no order.
  [[nodiscard]] std::vector<Settled> settled(uint8_t family) const;

 private:
  using Key = std::string;  // the bytes of a mme_series_key
  void keep(HttpLabels labels, RawSeries counts);

  size_t series_max_;
  std::map<Key, RawSeries> taken_;                           // of each kernel series
  std::map<uint8_t, std::map<HttpLabels, RawSeries>> kept_;  // by family
};

}  // namespace mme

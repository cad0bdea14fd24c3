// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/service_ledger.h"

namespace mme {

// Keeps counts with the names that were true when they were made. The kernel counts by address and goes on when a
// service is renamed or its server becomes another's; what it had counted until then is settled here.
class Ledger {
 public:
  // Of a family with so many settled series, those whose names change go on in `_other`: what was shown keeps its
  // labels.
  explicit Ledger(size_t series_max) : series_max_(series_max) {}

  // Names change: what `raw` holds of series whose labels differ keeps those of `before`. Series without a name get the
  // new one for all of their past. Services that are counted in another way from now on go on from what they had.
  void settle(KernelSnapshot raw, const ResolveContext& before, const ResolveContext& after);

  // Takes what is settled out of the kernel's counts. What goes on in `_other` is counted as overflow.
  void subtract(KernelSnapshot& raw) const;

  [[nodiscard]] const ServiceLedger& services() const { return services_; }

  // What the counts are shown under that subtract() leaves.
  [[nodiscard]] HttpLabels labels(const ResolveContext& context, const mme_series_key& key) const;

  struct Settled {
    HttpLabels labels;
    RawSeries counts;
  };
  // Of one family (enum mme_family), in no order.
  [[nodiscard]] std::vector<Settled> settled(uint8_t family) const;

 private:
  using Key = std::string;  // the bytes of a mme_series_key
  void settle_names(const KernelSnapshot& raw, const ResolveContext& before, const ResolveContext& after);

  size_t series_max_;
  std::set<Key> others_;                                     // kernel series that go on in `_other`
  std::map<Key, RawSeries> taken_;                           // of each kernel series
  std::map<uint8_t, std::map<HttpLabels, RawSeries>> kept_;  // by family
  ServiceLedger services_;
};

}  // namespace mme

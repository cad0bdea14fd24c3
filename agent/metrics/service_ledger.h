// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/series_by_labels.h"

namespace mme {

// Requests by service of each target, as servers and as entrypoints show them; see ServiceSeries and Unanswered.
struct ServiceViews {
  SeriesByLabels by_servers;
  SeriesByLabels by_entrypoints;
  SeriesByLabels unanswered;  // in neither of them
};

// Keeps what was shown of services when it changes which view counts them: they go on from there by what is counted
// since. In-flight requests of that moment may be counted by both views.
class ServiceLedger {
 public:
  // Both views of the same counts, as they were read until now and as they are from now on.
  void settle(const SeriesByLabels::Names& services, const ServiceViews& before, const ServiceViews& after);

  // Both views in one.
  [[nodiscard]] SeriesByLabels shown(ServiceViews views) const;

 private:
  SeriesByLabels kept_;
  ServiceViews taken_;  // what of the views is in kept_, or of no service
};

}  // namespace mme

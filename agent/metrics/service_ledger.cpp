// SPDX-License-Identifier: Apache-2.0
#include "metrics/service_ledger.h"

#include <utility>

namespace mme {

void ServiceLedger::settle(const SeriesByLabels::Names& services, const ServiceViews& before,
                           const ServiceViews& after) {
  kept_.replace(services, shown(before));
  taken_.by_servers.replace(services, after.by_servers);
  taken_.by_entrypoints.replace(services, after.by_entrypoints);
  taken_.unanswered.replace(services, after.unanswered);
}

// Of a series that both views have, the larger count is right: a failure without a reply is in the entrypoints' view
// only, the attempts of a retry are in the servers' only.
SeriesByLabels ServiceLedger::shown(ServiceViews views) const {
  views.by_servers.subtract(taken_.by_servers);
  views.by_entrypoints.subtract(taken_.by_entrypoints);
  views.unanswered.subtract(taken_.unanswered);
  views.by_servers.take_larger(views.by_entrypoints);
  views.by_servers.add(views.unanswered);
  views.by_servers.add(kept_);
  return std::move(views.by_servers);
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/series_by_labels.h"
#include "metrics/service_ledger.h"
#include "metrics/snapshot.h"

namespace mme {

// Requests by service, of two views. Servers show what they answered. Entrypoints show what no server answered, which
// Traefik counts for the service too, and tell services apart that share their servers.
class ServiceSeries {
 public:
  // The entrypoints' view. `raw` is all that the kernel counted, with what the ledger has settled.
  ServiceSeries(const KernelSnapshot& raw, const ResolveContext& context);

  // Both views. `upstream` is resolved.
  [[nodiscard]] ServiceViews views(const std::vector<HttpSeries>& upstream) const;

 private:
  SeriesByLabels by_entrypoints_;
  SeriesByLabels unanswered_;
  // Target, address and label of servers whose services the entrypoints tell apart.
  std::set<std::tuple<std::string, std::string, std::string>> told_apart_;
};

// Target and label of services that another view counts `after` than `before`, "ambiguous" among them.
[[nodiscard]] SeriesByLabels::Names services_counted_anew(const ResolveContext& before, const ResolveContext& after);

}  // namespace mme

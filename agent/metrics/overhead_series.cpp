// SPDX-License-Identifier: Apache-2.0
#include "metrics/overhead_series.h"

#include <map>
#include <utility>

#include "metrics/names.h"

namespace mme {

std::vector<OverheadSeries> overhead_series(const std::vector<RawOverhead>& raw, const ResolveContext& context) {
  std::map<std::pair<std::string, std::string>, OverheadSeries> all;
  for (const auto& [route, times, ambiguous] : raw) {
    for (const RouterLabels& router : route_labels(context, route).routers) {
      std::string name = label_text(router.router, false);
      std::string service = label_text(router.service, false);
      OverheadSeries& series = all[{name, service}];
      series.router = std::move(name);
      series.service = std::move(service);
      series.times.add(times);
      series.ambiguous += ambiguous;
    }
  }
  std::vector<OverheadSeries> sorted;
  sorted.reserve(all.size());
  for (auto& [labels, series] : all) sorted.push_back(std::move(series));
  return sorted;
}

}  // namespace mme

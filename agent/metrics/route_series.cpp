// SPDX-License-Identifier: Apache-2.0
#include "metrics/route_series.h"

#include <string>
#include <string_view>

#include "metrics/names.h"
#include "metrics/series_by_labels.h"

namespace mme {
namespace {

// `labels` of an entrypoint's series, under another name.
HttpLabels renamed(HttpLabels labels, std::string_view name, std::string_view service) {
  labels.name = label_text(name, false);
  labels.leg = labels.name;
  labels.service = label_text(service, false);
  return labels;
}

}  // namespace

std::vector<HttpSeries> router_series(const KernelSnapshot& raw, const ResolveContext& context) {
  SeriesByLabels all;
  for (const RawSeries& series : raw.series) {
    if (series.key.family != MME_FAMILY_ENTRYPOINT || series.latency.count() == 0) continue;
    const RouteLabels& route = route_labels(context, series.key.route);
    if (route.routers.empty()) continue;
    const HttpLabels labels = http_labels(context, series.key);
    for (const RouterLabels& one : route.routers) all.add(renamed(labels, one.router, one.service), series);
  }
  return all.sorted();
}

std::vector<HttpSeries> route_series(const KernelSnapshot& raw, const ResolveContext& context) {
  SeriesByLabels all;
  for (const RawSeries& series : raw.series) {
    if (series.key.family != MME_FAMILY_ENTRYPOINT || series.latency.count() == 0) continue;
    const RouteLabels& route = route_labels(context, series.key.route);
    if (route.route.empty()) continue;
    const std::string_view service = route.service.empty() ? kUnknown : std::string_view(route.service);
    HttpLabels labels = renamed(http_labels(context, series.key), route.route, service);
    labels.protocol.clear();
    all.add(labels, series);
  }
  return all.sorted();
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/service_series.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "metrics/names.h"

namespace mme {
namespace {

using Services = std::set<std::string, std::less<>>;

// Traefik counts these for the service although no server may have answered: the client went away, the server could not
// be reached, none is there, it took too long.
bool is_failure(uint16_t code) {
  return code == 499 || code == 502 || code == 503 || code == 504;
}

// Services that alone answer every request which reaches them, as far as is known.
Services direct_services(const RouteTable& routes) {
  Services direct, others;
  for (const RouteLabels& route : routes) {
    if (!route.service.empty()) (route.direct ? direct : others).insert(route.service);
  }
  std::erase_if(direct, [&](const std::string& service) { return others.contains(service); });
  return direct;
}

// Of services that share servers, those that entrypoints tell apart. The servers of the others keep their counts, in
// which a service that shares one of them would be counted a second time: so it is left out as well.
Services distinct_services(const ServerNames& servers, const Services& direct) {
  Services distinct;
  for (const auto& [address, server] : servers) {
    for (const std::string& service : server.services) {
      if (direct.contains(service)) distinct.insert(service);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [address, server] : servers) {
      const auto& all = server.services;
      if (std::all_of(all.begin(), all.end(), [&](const auto& one) { return distinct.contains(one); })) continue;
      for (const std::string& service : all) changed |= distinct.erase(service) > 0;
    }
  }
  return distinct;
}

HttpLabels service_labels(HttpLabels labels, std::string_view service) {
  labels.name = label_text(service, false);
  labels.leg = labels.name;
  return labels;
}

}  // namespace

ServiceSeries::ServiceSeries(const KernelSnapshot& raw, const ResolveContext& context) {
  const Services direct = direct_services(*context.routes);
  std::map<uint16_t, Services> distinct;
  for (const auto& [id, target] : context.targets) {
    const Services& here = distinct[id] = distinct_services(*target.servers, direct);
    for (const auto& [address, server] : *target.servers) {
      if (server.services.empty() || !here.contains(server.services.front())) continue;  // all of them, or none
      told_apart_.emplace(target.name, address, label_text(server.service, false));
    }
  }
  for (const RawSeries& series : raw.series) {
    if (series.key.family != MME_FAMILY_ENTRYPOINT || series.latency.count() == 0) continue;
    const std::string& service = route_labels(context, series.key.route).service;
    if (service.empty()) continue;
    if (!is_failure(series.key.code) && !distinct[series.key.target].contains(service)) continue;
    by_entrypoints_.add(service_labels(http_labels(context, series.key), service), series);
  }
}

SeriesByLabels ServiceSeries::by_servers(const std::vector<HttpSeries>& upstream) const {
  SeriesByLabels all;
  for (const HttpSeries& server : upstream) {
    if (server.protocol == kHealthCheck) continue;  // Traefik does not count them either
    if (told_apart_.contains({server.target, server.leg, server.name})) continue;
    all.add({server.name, {}, {}, server.code, server.method, server.protocol, server.name, server.target}, server);
  }
  return all;
}

// Of a series that both views have, the larger count is right: both only grow; a failure without a reply is in the
// entrypoints' view only, the attempts of a retry are in the servers' only.
std::vector<HttpSeries> ServiceSeries::with(const std::vector<HttpSeries>& upstream) const {
  SeriesByLabels all = by_servers(upstream);
  all.take_larger(by_entrypoints_);
  return all.without_targets().sorted();
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/service_series.h"

#include <algorithm>
#include <iterator>
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

// Of services that share servers, those that entrypoints tell apart. The servers of the others keep their counts, in
// which a service that shares one of them would be counted a second time: so it is left out as well.
Services distinct_services(const ServerNames& servers) {
  Services distinct;
  for (const auto& [address, server] : servers) distinct.insert(server.direct.begin(), server.direct.end());
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

// Services with a server that has a label of its own, in which their requests are counted.
Services sharing_services(const ServerNames& servers) {
  Services sharing;
  for (const auto& [address, server] : servers) sharing.insert(server.services.begin(), server.services.end());
  return sharing;
}

using ToldApart = std::set<std::tuple<std::string, std::string, std::string>>;

void tell_apart(const ResolveTarget& target, const Services& distinct, ToldApart& into) {
  for (const auto& [address, server] : *target.servers) {
    if (server.services.empty() || !distinct.contains(server.services.front())) continue;  // all of them, or none
    into.emplace(target.name, address, label_text(server.service, false));
  }
}

// All that decides which view counts what: servers as above, and services, by what they are instead of an address.
ToldApart all_told_apart(const ResolveContext& context) {
  ToldApart all;
  for (const auto& [id, target] : context.targets) {
    const Services distinct = distinct_services(*target.servers);
    for (const std::string& service : distinct) all.emplace(target.name, "distinct", label_text(service, false));
    for (const std::string& service : sharing_services(*target.servers)) {
      all.emplace(target.name, "sharing", label_text(service, false));
    }
    tell_apart(target, distinct, all);
  }
  return all;
}

HttpLabels service_labels(HttpLabels labels, std::string_view service) {
  labels.name = label_text(service, false);
  labels.leg = labels.name;
  return labels;
}

}  // namespace

ServiceSeries::ServiceSeries(const KernelSnapshot& raw, const ResolveContext& context) {
  std::map<uint16_t, Services> distinct, sharing;
  for (const auto& [id, target] : context.targets) {
    distinct[id] = distinct_services(*target.servers);
    sharing[id] = sharing_services(*target.servers);
    tell_apart(target, distinct[id], told_apart_);
  }
  for (const RawSeries& series : raw.series) {
    if (series.key.family != MME_FAMILY_ENTRYPOINT || series.latency.count() == 0) continue;
    const RouteLabels& route = route_labels(context, series.key.route);
    const std::string& service = route.service;
    if (service.empty()) continue;
    // Traefik itself answers 500 where it cannot use what it has: a server without an address, a reply that is no HTTP.
    const bool own_error = series.key.code == 500 && route.direct && !sharing[series.key.target].contains(service);
    if (!is_failure(series.key.code) && !own_error && !distinct[series.key.target].contains(service)) continue;
    by_entrypoints_.add(service_labels(http_labels(context, series.key), service), series);
  }
  for (const RawUnanswered& one : raw.unanswered) {
    unanswered_.add(service_labels(http_labels(context, one.series.key), one.service), one.series);
  }
}

ServiceViews ServiceSeries::views(const std::vector<HttpSeries>& upstream) const {
  ServiceViews views{{}, by_entrypoints_, unanswered_};
  for (const HttpSeries& server : upstream) {
    if (server.protocol == kHealthCheck) continue;  // Traefik does not count them either
    if (told_apart_.contains({server.target, server.leg, server.name})) continue;
    views.by_servers.add({server.name, {}, {}, server.code, server.method, server.protocol, server.name, server.target},
                         server);
  }
  return views;
}

SeriesByLabels::Names services_counted_anew(const ResolveContext& before, const ResolveContext& after) {
  const ToldApart was = all_told_apart(before), is = all_told_apart(after);
  std::vector<ToldApart::value_type> changed;
  std::set_symmetric_difference(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(changed));
  SeriesByLabels::Names names;
  for (const auto& [target, address, name] : changed) names.emplace(target, name);
  return names;
}

}  // namespace mme

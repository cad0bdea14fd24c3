// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/resolve.h"

namespace mme {

// Requests that one series of the kernel counts, each of 1 us, with bodies of 10 and 100 bytes.
inline RawSeries raw_series(uint8_t family, uint16_t port, uint16_t code, uint64_t count) {
  RawSeries series;
  series.key.family = family;
  series.key.port = port;
  series.key.code = code;
  series.key.method = MME_METHOD_GET;
  series.latency.bounds = {count, 0};
  series.latency.buckets = {{100, count}};
  series.latency.sum_ns = count * 1000;
  series.request_bytes = count * 10;
  series.response_bytes = count * 100;
  return series;
}

// On port 8080, sent to a route.
inline RawSeries routed(uint16_t route, uint16_t code, uint64_t count) {
  RawSeries series = raw_series(MME_FAMILY_ENTRYPOINT, 8080, code, count);
  series.key.route = route;
  return series;
}

// By a server at 10.0.0.5.
inline RawSeries answered(uint16_t port, uint16_t code, uint64_t count) {
  RawSeries series = raw_series(MME_FAMILY_UPSTREAM, port, code, count);
  inet_pton(AF_INET6, "::ffff:10.0.0.5", series.key.name);
  return series;
}

inline KernelSnapshot kernel_snapshot(std::vector<RawSeries> series) {
  KernelSnapshot snapshot;
  snapshot.series = std::move(series);
  return snapshot;
}

// One Traefik; `routes` from id 1.
inline ResolveContext routing_context(RouteTable routes, ServerNames servers = {}) {
  routes.insert(routes.begin(), RouteLabels{});
  ResolveContext context;
  context.targets[0] = {"traefik", {{8080, "web"}}, std::make_shared<const ServerNames>(std::move(servers))};
  context.routes = std::make_shared<const RouteTable>(std::move(routes));
  return context;
}

// "name service code": requests.
inline std::map<std::string, uint64_t> requests(const std::vector<HttpSeries>& all) {
  std::map<std::string, uint64_t> counts;
  for (const HttpSeries& series : all) {
    counts[series.name + ' ' + (series.service.empty() ? "" : series.service + ' ') + series.code] +=
        series.latency.count();
  }
  return counts;
}
using Requests = std::map<std::string, uint64_t>;

}  // namespace mme

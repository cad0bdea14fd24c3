// SPDX-License-Identifier: Apache-2.0
#include "metrics/link_families.h"

#include <string>
#include <string_view>

#include "metrics/network_times.h"

namespace mme {
namespace {

std::string_view failure_name(size_t failure) {
  return failure == MME_CONNECT_REFUSED ? "refused" : "unanswered";
}

void server_families(const Links& links, TextWriter& out) {
  out.family("mme_upstream_connect_duration_seconds",
             "How long a connection to an upstream server took to be established, partitioned by service and URL.",
             MetricType::histogram);
  for (const auto& [labels, server] : links.servers) {
    out.histogram(label_pairs({{"service", labels.first}, {"url", labels.second}}), network_bounds_s(),
                  histogram(server.connects));
  }
  out.family("mme_upstream_connect_failures_total",
             "Connections to an upstream server that were not established, partitioned by service, URL and reason.",
             MetricType::counter);
  for (const auto& [labels, server] : links.servers) {
    for (size_t i = 0; i < server.failures.size(); ++i) {
      out.sample(label_pairs({{"reason", failure_name(i)}, {"service", labels.first}, {"url", labels.second}}),
                 server.failures.at(i));
    }
  }
  out.family("mme_http_aborted_total",
             "Connections that ended before the reply to a request, or in the middle of it, partitioned by leg.",
             MetricType::counter);
  for (const auto& [labels, count] : links.aborted) {
    out.sample(label_pairs({{"leg", labels.first}, {"reason", labels.second}}), count);
  }
}

}  // namespace

void link_families(const Links& links, bool traefik, bool mongod, TextWriter& out) {
  if (traefik) server_families(links, out);
  const auto each = [&](auto write) {
    for (const auto& [labels, connections] : links.by_role) {
      if (labels.first == "mongod" ? !mongod : !traefik) continue;
      write(label_pairs({{"role", labels.first}, {"target", labels.second}}), connections);
    }
  };
  out.family("mme_tcp_rtt_seconds",
             "Smoothed round trip time of a connection, once when Traefik opened it and once when it ended.",
             MetricType::histogram);
  each([&](const std::string& labels, const Links::Connections& connections) {
    out.histogram(labels, network_bounds_s(), histogram(connections.rtts));
  });
  out.family("mme_tcp_retransmits_total", "Segments that were sent again.", MetricType::counter);
  each([&](const std::string& labels, const Links::Connections& connections) {
    out.sample(labels, connections.retransmits);
  });
}

}  // namespace mme

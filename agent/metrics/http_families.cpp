// SPDX-License-Identifier: Apache-2.0
#include "metrics/http_families.h"

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "metrics/runs.h"

namespace mme {
namespace {

auto http_exposed(const HttpSeries& series) {
  return std::tie(series.name, series.service, series.url, series.code, series.method, series.protocol);
}

// What the HTTP families differ in.
struct HttpLeg {
  std::string prefix;  // "traefik_entrypoint"
  std::string where;   // of HELP: "on an entrypoint"
  std::string duration;
  std::string (*labels)(const HttpSeries&);
  std::string partition = "status code, protocol, and method";
};

std::string entrypoint_labels(const HttpSeries& series) {
  return label_pairs(
      {{"code", series.code}, {"entrypoint", series.name}, {"method", series.method}, {"protocol", series.protocol}});
}

std::string router_labels(const HttpSeries& series) {
  return label_pairs({{"code", series.code},
                      {"method", series.method},
                      {"protocol", series.protocol},
                      {"router", series.name},
                      {"service", series.service}});
}

std::string route_labels(const HttpSeries& series) {
  return label_pairs(
      {{"code", series.code}, {"method", series.method}, {"route", series.name}, {"service", series.service}});
}

std::string upstream_labels(const HttpSeries& series) {
  return label_pairs({{"code", series.code},
                      {"method", series.method},
                      {"protocol", series.protocol},
                      {"service", series.name},
                      {"url", series.url}});
}

std::string service_labels(const HttpSeries& series) {
  return label_pairs(
      {{"code", series.code}, {"method", series.method}, {"protocol", series.protocol}, {"service", series.name}});
}

void http_leg(const HttpLeg& leg, const std::vector<HttpSeries>& all, const std::vector<double>& bounds_s,
              TextWriter& out) {
  using Span = std::span<const HttpSeries>;
  const auto shown = runs(all, http_exposed, leg.labels);
  const auto counter = [&](const char* suffix, const std::string& help, auto value) {
    out.family(leg.prefix + suffix, help + ' ' + leg.where + ", partitioned by " + leg.partition + '.',
               MetricType::counter);
    for (const auto& run : shown) out.sample(run.labels, value(run.series));
  };
  counter("_requests_total", "How many HTTP requests were processed", count<HttpSeries>);
  out.family(leg.prefix + "_request_duration_seconds", leg.duration, MetricType::histogram);
  for (const auto& run : shown) out.histogram(run.labels, bounds_s, histogram(bounds_s, run.series));
  counter("_requests_bytes_total", "The total size of request bodies in bytes",
          [](Span run) { return sum(run, &HttpSeries::request_bytes); });
  counter("_responses_bytes_total", "The total size of response bodies in bytes",
          [](Span run) { return sum(run, &HttpSeries::response_bytes); });
}

void traefik_families(const Snapshot& snapshot, TextWriter& out) {
  http_leg({"traefik_entrypoint", "on an entrypoint",
            "How long a request took on an entrypoint, from its first byte at the socket to the last byte of the "
            "response leaving it. Traefik's own figure excludes the wait in the socket.",
            entrypoint_labels},
           snapshot.entrypoint, snapshot.bounds_s, out);
  http_leg({"traefik_router", "on a router",
            "How long a request on a router took on its entrypoint, from its first byte at the socket to the last byte "
            "of the response leaving it. Traefik's own figure excludes the wait in the socket and what comes before "
            "the router.",
            router_labels, "service, status code, protocol, and method"},
           snapshot.router, snapshot.bounds_s, out);
  http_leg({"traefik_service", "on a service",
            "How long a request took on a service, from the first byte of the request leaving Traefik to the last byte "
            "of the response at Traefik's socket; on the entrypoint where no server answered or services share their "
            "servers.",
            service_labels},
           snapshot.service, snapshot.bounds_s, out);

  out.family("traefik_service_server_up",
             "Whether the server of the service is up: 0 or 1. As Traefik's API says; where that is not asked, by the "
             "latest attempt to connect.",
             MetricType::gauge);
  for (const ServerUp& server : snapshot.servers_up) {
    out.sample(label_pairs({{"service", server.service}, {"url", server.url}}), uint64_t{server.up});
  }

  out.family("traefik_open_connections", "How many open connections exist, by entrypoint and protocol.",
             MetricType::gauge);
  for (const auto& [entrypoint, count] : snapshot.open_by_entrypoint) {
    out.sample(label_pairs({{"entrypoint", entrypoint}, {"protocol", "TCP"}}), count);
  }
}

std::string first_byte_labels(const HttpSeries& series) {
  if (series.url.empty()) return label_pairs({{"entrypoint", series.name}});
  return label_pairs({{"service", series.name}, {"url", series.url}});
}

void first_byte_families(const Snapshot& snapshot, TextWriter& out) {
  const auto family = [&](const char* name, const char* help, const std::vector<HttpSeries>& all) {
    out.family(name, help, MetricType::histogram);
    for (const auto& run : runs(all, http_exposed, first_byte_labels)) {
      out.histogram(run.labels, snapshot.bounds_s, histogram(snapshot.bounds_s, run.series));
    }
  };
  family("mme_http_time_to_first_byte_seconds",
         "How long it took on an entrypoint from the first byte of a request to the first byte of its response.",
         snapshot.entrypoint_first_byte);
  family("mme_upstream_time_to_first_byte_seconds",
         "How long it took an upstream server from the first byte of a request to the first byte of its response.",
         snapshot.upstream_first_byte);
}

void in_flight_families(const InFlight& in_flight, TextWriter& out) {
  out.family("mme_http_requests_in_flight", "HTTP requests on an entrypoint whose response has not ended.",
             MetricType::gauge);
  for (const auto& [entrypoint, requests] : in_flight.entrypoints) {
    out.sample(label_pairs({{"entrypoint", entrypoint}}), requests);
  }
  out.family("mme_upstream_requests_in_flight", "HTTP requests to an upstream server whose response has not ended.",
             MetricType::gauge);
  for (const auto& [server, requests] : in_flight.servers) {
    out.sample(label_pairs({{"service", server.first}, {"url", server.second}}), requests);
  }
}

void route_families(const Snapshot& snapshot, TextWriter& out) {
  const auto shown = runs(snapshot.route, http_exposed, route_labels);
  out.family("mme_route_requests_total", "HTTP requests on a route that the agent's configuration names.",
             MetricType::counter);
  for (const auto& run : shown) out.sample(run.labels, count(run.series));
  out.family("mme_route_request_duration_seconds",
             "How long a request on a route took on its entrypoint, from its first byte at the socket to the last byte "
             "of the response leaving it.",
             MetricType::histogram);
  for (const auto& run : shown) out.histogram(run.labels, snapshot.bounds_s, histogram(snapshot.bounds_s, run.series));
}

void overhead_families(const Snapshot& snapshot, TextWriter& out) {
  const auto each = [&](auto write) {
    for (const OverheadSeries& series : snapshot.overhead) {
      write(label_pairs({{"router", series.router}, {"service", series.service}}), series);
    }
  };
  out.family("mme_proxy_overhead_seconds",
             "How long Traefik itself needed for a request: its duration on the entrypoint less that of the same "
             "request on the upstream server, where it is certain which one that is. Of busy routers a sample.",
             MetricType::histogram);
  each([&](const std::string& labels, const OverheadSeries& series) {
    out.histogram(labels, network_bounds_s(), histogram(series.times));
  });
  out.family("mme_proxy_overhead_ambiguous_total",
             "Requests for which several upstream requests come into question. They are not in "
             "mme_proxy_overhead_seconds, except those that can only have exchanged theirs with each other: in another "
             "bucket maybe, and with the right sum.",
             MetricType::counter);
  each([&](const std::string& labels, const OverheadSeries& series) { out.sample(labels, series.ambiguous); });
}

}  // namespace

void http_families(const Snapshot& snapshot, TextWriter& out) {
  if (snapshot.traefik_families) traefik_families(snapshot, out);
  route_families(snapshot, out);
  first_byte_families(snapshot, out);
  overhead_families(snapshot, out);
  http_leg({"mme_upstream", "by an upstream server",
            "How long an upstream server took, from the first byte of the request leaving Traefik to the last byte of "
            "the response at Traefik's socket.",
            upstream_labels},
           snapshot.upstream, snapshot.bounds_s, out);
  if (snapshot.in_flight) in_flight_families(*snapshot.in_flight, out);
}

}  // namespace mme

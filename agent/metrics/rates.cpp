// SPDX-License-Identifier: Apache-2.0
#include "metrics/rates.h"

#include <algorithm>
#include <map>

namespace mme {
namespace {

void add(GroupCounts& counts, const Latency& latency, uint64_t request_bytes, uint64_t response_bytes, bool error) {
  const uint64_t count = latency.count();
  counts.requests += count;
  if (error) counts.errors += count;
  counts.request_bytes += request_bytes;
  counts.response_bytes += response_bytes;
  counts.sum_ns += latency.sum_ns;
  for (const Latency::Bucket& bucket : latency.buckets) counts.buckets.at(bucket.index) += bucket.count;
}

bool server_error(const std::string& code) {
  return code.size() == 3 && code[0] == '5';
}

uint64_t grown(uint64_t before, uint64_t after) {
  return after >= before ? after - before : after;
}

GroupCounts grown(const GroupCounts& before, const GroupCounts& after) {
  GroupCounts change;
  change.requests = grown(before.requests, after.requests);
  change.errors = grown(before.errors, after.errors);
  change.request_bytes = grown(before.request_bytes, after.request_bytes);
  change.response_bytes = grown(before.response_bytes, after.response_bytes);
  change.sum_ns = grown(before.sum_ns, after.sum_ns);
  for (size_t i = 0; i < change.buckets.size(); ++i) change.buckets[i] = grown(before.buckets[i], after.buckets[i]);
  return change;
}

}  // namespace

std::string_view to_string(GroupKind kind) {
  switch (kind) {
    case GroupKind::entrypoint:
      return "entrypoint";
    case GroupKind::route:
      return "route";
    case GroupKind::router:
      return "router";
    case GroupKind::upstream:
      return "upstream";
    case GroupKind::mongo:
      return "mongo";
  }
  return "unknown";
}

Totals totals(const Snapshot& snapshot) {
  std::map<GroupKey, GroupCounts> groups;
  const auto add_http = [&](GroupKind kind, const std::vector<HttpSeries>& all) {
    for (const HttpSeries& series : all) {
      add(groups[{kind, series.target, series.leg}], series.latency, series.request_bytes, series.response_bytes,
          server_error(series.code));
    }
  };
  add_http(GroupKind::entrypoint, snapshot.entrypoint);
  add_http(GroupKind::route, snapshot.route);
  add_http(GroupKind::router, snapshot.router);
  add_http(GroupKind::upstream, snapshot.upstream);
  for (const auto* all : {&snapshot.mongo, &snapshot.mongo_retired}) {
    for (const MongoSeries& series : *all) {
      add(groups[{GroupKind::mongo, series.target, series.command}], series.latency, series.request_bytes,
          series.response_bytes, !series.ok);
    }
  }

  Totals all{.monotonic_s = snapshot.monotonic_s, .groups = {}};
  all.groups.reserve(groups.size());
  for (const auto& [key, counts] : groups) all.groups.push_back({key, counts});
  return all;
}

GroupFigures figures(const GroupCounts& counts, double seconds) {
  GroupFigures result;
  result.requests = counts.requests;
  result.errors = counts.errors;
  if (seconds > 0) {
    result.requests_per_second = static_cast<double>(counts.requests) / seconds;
    result.errors_per_second = static_cast<double>(counts.errors) / seconds;
  }
  if (counts.requests > 0) {
    result.mean_s = static_cast<double>(counts.sum_ns) / 1e9 / static_cast<double>(counts.requests);
  }
  result.p50_s = quantile(counts.buckets, 0.50);
  result.p95_s = quantile(counts.buckets, 0.95);
  result.p99_s = quantile(counts.buckets, 0.99);
  return result;
}

std::vector<GroupTotals> difference(const Totals& before, const Totals& after) {
  std::vector<GroupTotals> changes;
  changes.reserve(after.groups.size());
  for (const GroupTotals& group : after.groups) {
    const auto old = std::lower_bound(before.groups.begin(), before.groups.end(), group.key,
                                      [](const GroupTotals& entry, const GroupKey& key) { return entry.key < key; });
    const bool known = old != before.groups.end() && old->key == group.key;
    changes.push_back({group.key, known ? grown(old->counts, group.counts) : group.counts});
  }
  return changes;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/resolve.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "metrics/mongo_errors.h"
#include "metrics/names.h"

namespace mme {
namespace {

const std::string& target_name(const ResolveContext& context, uint16_t id) {
  static const std::string unknown(kUnknown);
  const auto found = context.targets.find(id);
  return found == context.targets.end() ? unknown : found->second.name;
}

std::string entrypoint_name(const ResolveContext& context, uint16_t target_id, uint16_t port) {
  const auto target = context.targets.find(target_id);
  if (target != context.targets.end()) {
    const auto name = target->second.entrypoints.find(port);
    if (name != target->second.entrypoints.end()) return label_text(name->second, false);
  }
  return ":" + std::to_string(port);
}

std::string wire_name(const KernelSnapshot& raw, uint64_t hash) {
  const auto found = raw.names.find(hash);
  if (found == raw.names.end()) return std::string(kUnknown);
  return label_text(found->second, found->second.size() >= MME_NAME_BYTES);
}

HttpSeries http_series(const ResolveContext& context, const RawSeries& from) {
  HttpSeries to;
  if (from.key.other != 0) {
    to.target = to.leg = to.method = to.protocol = to.code = kOther;
  } else {
    to.target = target_name(context, from.key.target);
    to.leg = from.key.family == MME_FAMILY_ENTRYPOINT ? entrypoint_name(context, from.key.target, from.key.port)
                                                      : address_text(from.key.name, from.key.port);
    to.method = method_name(from.key.method);
    to.protocol = http_protocol_name(from.key.variant);
    to.code = std::to_string(from.key.code);
  }
  return to;
}

MongoSeries mongo_series(const ResolveContext& context, const KernelSnapshot& raw, const RawSeries& from) {
  MongoSeries to;
  to.outcome = from.key.variant == MME_OUTCOME_OK ? "ok" : "error";
  to.ok = from.key.variant == MME_OUTCOME_OK;
  if (from.key.other != 0) {
    to.target = to.command = to.database = to.collection = to.outcome = kOther;
    to.ok = true;  // nothing is known of it, so it is no error
  } else {
    to.target = target_name(context, from.key.target);
    to.command = mongo_command_name(from.key.code);
    to.database = wire_name(raw, from.key.name[0]);
    to.collection = wire_name(raw, from.key.name[1]);
  }
  return to;
}

auto labels(const HttpSeries& series) {
  return std::tie(series.leg, series.code, series.method, series.protocol, series.target);
}
auto labels(const MongoSeries& series) {
  return std::tie(series.command, series.database, series.collection, series.outcome, series.target);
}

// `Series` of `sources`, sorted and merged. Histograms are copied once, to their final place: they are what is large.
template <typename Series, typename MakeSeries>
std::vector<Series> sorted_series(std::vector<RawSeries*>& sources, MakeSeries make) {
  struct Labelled {
    Series series;
    RawSeries* source;
  };
  std::vector<Labelled> labelled;
  labelled.reserve(sources.size());
  for (RawSeries* source : sources) labelled.push_back({make(*source), source});

  std::vector<size_t> order(labelled.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return labels(labelled[a].series) < labels(labelled[b].series); });

  std::vector<Series> sorted;
  sorted.reserve(order.size());
  for (const size_t index : order) {
    auto& [series, source] = labelled[index];
    if (!sorted.empty() && labels(sorted.back()) == labels(series)) {
      add(sorted.back().latency, source->latency);
    } else {
      sorted.push_back(std::move(series));
      sorted.back().latency = std::move(source->latency);
    }
    sorted.back().request_bytes += source->request_bytes;
    sorted.back().response_bytes += source->response_bytes;
  }
  return sorted;
}

void resolve_series(KernelSnapshot& raw, const ResolveContext& context, Snapshot& snapshot) {
  std::array<std::vector<RawSeries*>, MME_FAMILIES> by_family;
  for (RawSeries& series : raw.series) {
    if (series.key.family < MME_FAMILIES) by_family[series.key.family].push_back(&series);
  }
  const auto http = [&](const RawSeries& series) { return http_series(context, series); };
  const auto mongo = [&](const RawSeries& series) { return mongo_series(context, raw, series); };
  snapshot.entrypoint = sorted_series<HttpSeries>(by_family[MME_FAMILY_ENTRYPOINT], http);
  snapshot.upstream = sorted_series<HttpSeries>(by_family[MME_FAMILY_UPSTREAM], http);
  snapshot.mongo = sorted_series<MongoSeries>(by_family[MME_FAMILY_MONGO], mongo);
}

std::vector<MongoCommandCounter> command_counters(const std::vector<uint64_t>& by_command) {
  std::map<std::string_view, uint64_t> counts;
  for (size_t id = 0; id < by_command.size(); ++id) {
    if (by_command[id] != 0) counts[mongo_command_name(static_cast<uint16_t>(id))] += by_command[id];
  }
  std::vector<MongoCommandCounter> counters;
  for (const auto& [command, count] : counts) counters.push_back({std::string(command), count});
  return counters;
}

std::vector<MongoCommandError> command_errors(const std::vector<RawMongoError>& raw) {
  std::map<std::pair<std::string_view, std::string_view>, uint64_t> counts;
  for (const RawMongoError& error : raw) {
    counts[{mongo_command_name(error.command), mongo_error_name(error.code)}] += error.count;
  }
  std::vector<MongoCommandError> errors;
  for (const auto& [key, count] : counts) errors.push_back({std::string(key.first), std::string(key.second), count});
  return errors;
}

// Where the kernel counts by role only, the one entrypoint there is has all; of several none can be named.
std::map<std::string, uint64_t> open_by_entrypoint(const KernelSnapshot& raw, const ResolveContext& context) {
  std::map<std::string, uint64_t> open;
  for (const RawOpenConnections& port : raw.open_by_port) {
    open[entrypoint_name(context, port.target, port.port)] += port.count;
  }
  if (!open.empty()) return open;

  std::set<std::string> names;
  for (const auto& [id, target] : context.targets) {
    for (const auto& [port, name] : target.entrypoints) names.insert(entrypoint_name(context, id, port));
  }
  open[names.size() == 1 ? *names.begin() : std::string(kOther)] = raw.open_connections[MME_ROLE_ENTRYPOINT];
  return open;
}

ProtocolAccount account(const RawAccount& raw) {
  ProtocolAccount account;
  account.bytes_seen = raw.bytes_seen;
  account.bytes_parsed = raw.bytes_parsed;
  for (size_t reason = 0; reason < MME_SKIPS; ++reason) {
    const std::string name(skip_name(reason));
    account.bytes_skipped[name] += raw.bytes_skipped[reason];
    account.messages_skipped[name] += raw.messages_skipped[reason];
  }
  return account;
}

}  // namespace

void add(Latency& to, const Latency& from) {
  if (to.bounds.size() < from.bounds.size()) to.bounds.resize(from.bounds.size());
  for (size_t i = 0; i < from.bounds.size(); ++i) to.bounds[i] += from.bounds[i];
  for (size_t i = 0; i < from.buckets.size(); ++i) to.buckets[i] += from.buckets[i];
  to.sum_ns += from.sum_ns;
}

Snapshot resolve(KernelSnapshot raw, const ResolveContext& context) {
  Snapshot snapshot;
  snapshot.monotonic_s = raw.monotonic_s;
  snapshot.bounds_s = raw.bounds_s;
  resolve_series(raw, context, snapshot);

  snapshot.mongo_awaited = command_counters(raw.mongo_awaited);
  snapshot.mongo_unacknowledged = command_counters(raw.mongo_unacknowledged);
  snapshot.mongo_errors = command_errors(raw.mongo_errors);
  for (size_t i = 0; i < MME_PROTOCOLS; ++i) {
    snapshot.accounts[std::string(protocol_name(i))] = account(raw.accounts[i]);
  }
  for (size_t i = 0; i < MME_FAMILIES; ++i) {
    snapshot.series_in_use[std::string(family_name(i))] = raw.series_in_use[i];
    snapshot.series_overflow[std::string(family_name(i))] = raw.series_overflow[i];
  }
  snapshot.series_overflow["mongo_errors"] = raw.mongo_errors_overflow;
  snapshot.programs = std::move(raw.programs);
  snapshot.map_bytes = std::move(raw.map_bytes);
  snapshot.open_entrypoint_connections = raw.open_connections[MME_ROLE_ENTRYPOINT];
  snapshot.open_by_entrypoint = open_by_entrypoint(raw, context);
  snapshot.open_upstream_connections = raw.open_connections[MME_ROLE_UPSTREAM];
  snapshot.open_mongo_connections = raw.open_connections[MME_ROLE_MONGOD];
  return snapshot;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/resolve.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "metrics/mongo_errors.h"
#include "metrics/names.h"
#include "metrics/route_series.h"
#include "metrics/series_by_labels.h"
#include "metrics/service_series.h"
#include "mme/exchange.h"

namespace mme {
namespace {

// Hash 0: the command has no such name, as `ping` has no collection.
std::string wire_name(const KernelSnapshot& raw, uint64_t hash) {
  if (hash == 0) return "";
  const auto found = raw.names->find(hash);
  if (found == raw.names->end()) return std::string(kUnknown);
  return label_text(found->second, found->second.size() >= MME_NAME_BYTES);
}

// Labels alone, for sorting.
struct MongoLabels {
  std::string command, database, collection, outcome, target;
  auto operator<=>(const MongoLabels&) const = default;
};

MongoLabels mongo_labels(const ResolveContext& context, const KernelSnapshot& raw, const mme_series_key& key) {
  if (key.other != 0) {
    const std::string other(kOther);
    return {other, other, other, other, other};
  }
  return {.command = std::string(mongo_command_name(key.code)),
          .database = wire_name(raw, key.name[0]),
          .collection = key.name[0] != 0 && key.name[1] == 0 ? "_database" : wire_name(raw, key.name[1]),
          .outcome = key.variant == MME_OUTCOME_OK ? "ok" : "error",
          .target = target_label(context, key.target)};
}

HttpSeries series_of(HttpLabels labels, RawSeries& source) {
  return series_of(std::move(labels), std::move(source.latency), source.request_bytes, source.response_bytes);
}

MongoSeries series_of(MongoLabels labels, RawSeries& source) {
  const bool ok = labels.outcome != "error";  // of `_other` nothing is known, so it is no error
  return {.target = std::move(labels.target),
          .command = std::move(labels.command),
          .database = std::move(labels.database),
          .collection = std::move(labels.collection),
          .outcome = std::move(labels.outcome),
          .ok = ok,
          .latency = std::move(source.latency),
          .request_bytes = source.request_bytes,
          .response_bytes = source.response_bytes};
}

template <typename Labels>
using Labelled = std::vector<std::pair<Labels, RawSeries*>>;

// Series ascending by their labels, those with the same labels in one. Empty ones are left out: all that they had is
// settled.
template <typename Series, typename Labels>
std::vector<Series> sorted_series(Labelled<Labels> labelled) {
  std::erase_if(labelled, [](const auto& one) { return one.second->latency.count() == 0; });
  std::sort(labelled.begin(), labelled.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Series> sorted;
  sorted.reserve(labelled.size());
  for (auto group = labelled.begin(); group != labelled.end();) {
    auto next = group + 1;
    RawSeries& first = *group->second;
    for (; next != labelled.end() && next->first == group->first; ++next) {
      add(first, *next->second);
    }
    sorted.push_back(series_of(std::move(group->first), first));
    group = next;
  }
  return sorted;
}

std::vector<HttpSeries> http_series(KernelSnapshot& raw, uint8_t family, const ResolveContext& context,
                                    const Ledger& ledger) {
  std::vector<Ledger::Settled> settled = ledger.settled(family);
  Labelled<HttpLabels> labelled;
  for (RawSeries& series : raw.series) {
    if (series.key.family == family) labelled.emplace_back(ledger.labels(context, series.key), &series);
  }
  for (Ledger::Settled& one : settled) labelled.emplace_back(std::move(one.labels), &one.counts);
  return sorted_series<HttpSeries>(std::move(labelled));
}

std::vector<MongoSeries> mongo_series(const KernelSnapshot& raw, std::vector<RawSeries>& all,
                                      const ResolveContext& context, bool replication) {
  Labelled<MongoLabels> labelled;
  for (RawSeries& series : all) {
    if (series.key.family != MME_FAMILY_MONGO) continue;
    const bool is_replication = mme_mongo_is_replication(series.key.method, series.key.code) != 0;
    if (is_replication == replication) labelled.emplace_back(mongo_labels(context, raw, series.key), &series);
  }
  return sorted_series<MongoSeries>(std::move(labelled));
}

std::vector<MongoSlowCounter> slow_counters(const KernelSnapshot& raw, const ResolveContext& context) {
  std::map<MongoLabels, uint64_t> counts;
  for (const RawSlowCommands& slow : raw.mongo_slow) {
    MongoLabels labels = mongo_labels(context, raw, slow.key);
    labels.target.clear();
    labels.outcome.clear();
    counts[std::move(labels)] += slow.count;
  }
  std::vector<MongoSlowCounter> counters;
  counters.reserve(counts.size());
  for (const auto& [labels, count] : counts) {
    counters.push_back({labels.command, labels.database, labels.collection, count});
  }
  return counters;
}

std::vector<MongoCommandCounts> command_counts(const MongoCountsById& by_id) {
  std::map<std::string_view, mme_mongo_counts> by_name;
  for (size_t id = 0; id < by_id.size(); ++id) add(by_id[id], by_name[mongo_command_name(static_cast<uint16_t>(id))]);
  std::vector<MongoCommandCounts> counts;
  for (const auto& [command, sums] : by_name) counts.push_back({std::string(command), sums});
  return counts;
}

template <typename IsMeant>
std::vector<MongoCommandError> command_errors(const std::vector<RawMongoError>& raw, IsMeant is_meant) {
  std::map<std::pair<std::string_view, std::string_view>, uint64_t> counts;
  for (const RawMongoError& error : raw) {
    if (!is_meant(error)) continue;
    counts[{mongo_command_name(error.command), mongo_error_name(error.code)}] += error.count;
  }
  std::vector<MongoCommandError> errors;
  for (const auto& [key, count] : counts) errors.push_back({std::string(key.first), std::string(key.second), count});
  return errors;
}

std::vector<MongoCommandError> client_errors(const std::vector<RawMongoError>& raw, uint8_t kind) {
  return command_errors(raw, [kind](const RawMongoError& error) { return !error.replication && error.kind == kind; });
}

// Of targets whose name is the same, the last one's.
std::vector<MongoMember> members(const KernelSnapshot& raw, const ResolveContext& context) {
  std::map<std::string, MongoMember> by_target;
  for (const RawMongoMember& member : raw.mongo_members) {
    const std::string target = target_label(context, member.target);
    by_target[target] = {target, member.set, member.me, member.role};
  }
  std::vector<MongoMember> members;
  members.reserve(by_target.size());
  for (auto& [target, member] : by_target) members.push_back(std::move(member));
  return members;
}

// Where the kernel counts by role only, the one entrypoint there is has all; of several none can be named. What of a
// full map is not there is the rest; of any other it would be what opened or closed between two reads.
std::map<std::string, uint64_t> open_by_entrypoint(const KernelSnapshot& raw, const ResolveContext& context) {
  std::map<std::string, uint64_t> open;
  for (const RawOpenConnections& port : raw.open_by_port) {
    open[entrypoint_label(context, port.target, port.port)] += port.count;
  }
  const uint64_t count = raw.open_connections[MME_ROLE_ENTRYPOINT];
  if (raw.open_by_port.size() >= kOpenPortsMax) {
    uint64_t named = 0;
    for (const RawOpenConnections& port : raw.open_by_port) named += port.count;
    open[std::string(kOther)] += count - std::min(count, named);
  }
  if (!open.empty()) return open;

  std::set<std::string> names;
  for (const auto& [id, target] : context.targets) {
    for (const auto& [port, name] : target.entrypoints) names.insert(entrypoint_label(context, id, port));
  }
  if (names.size() == 1 || count > 0) open[names.size() == 1 ? *names.begin() : std::string(kOther)] = count;
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

void add(RawSeries& to, const RawSeries& from) {
  add(to.latency, from.latency);
  to.request_bytes += from.request_bytes;
  to.response_bytes += from.response_bytes;
}

void add(Latency& to, const Latency& from) {
  if (to.bounds.size() < from.bounds.size()) to.bounds.resize(from.bounds.size());
  for (size_t i = 0; i < from.bounds.size(); ++i) to.bounds[i] += from.bounds[i];
  to.sum_ns += from.sum_ns;

  std::vector<Latency::Bucket> merged;
  merged.reserve(to.buckets.size() + from.buckets.size());
  const auto by_index = [](const Latency::Bucket& a, const Latency::Bucket& b) { return a.index < b.index; };
  std::merge(to.buckets.begin(), to.buckets.end(), from.buckets.begin(), from.buckets.end(), std::back_inserter(merged),
             by_index);
  to.buckets.clear();
  for (const Latency::Bucket& bucket : merged) {
    if (!to.buckets.empty() && to.buckets.back().index == bucket.index)
      to.buckets.back().count += bucket.count;
    else
      to.buckets.push_back(bucket);
  }
}

void subtract(Latency& from, const Latency& what) {
  for (size_t i = 0; i < std::min(from.bounds.size(), what.bounds.size()); ++i) {
    from.bounds[i] -= std::min(from.bounds[i], what.bounds[i]);
  }
  auto taken = what.buckets.begin();
  for (Latency::Bucket& bucket : from.buckets) {
    while (taken != what.buckets.end() && taken->index < bucket.index) ++taken;
    if (taken != what.buckets.end() && taken->index == bucket.index)
      bucket.count -= std::min(bucket.count, taken->count);
  }
  std::erase_if(from.buckets, [](const Latency::Bucket& bucket) { return bucket.count == 0; });
  from.sum_ns -= std::min(from.sum_ns, what.sum_ns);
}

void subtract(RawSeries& from, const RawSeries& what) {
  subtract(from.latency, what.latency);
  from.request_bytes -= std::min(from.request_bytes, what.request_bytes);
  from.response_bytes -= std::min(from.response_bytes, what.response_bytes);
}

ServiceViews service_views(KernelSnapshot raw, const ResolveContext& context, const Ledger& ledger) {
  const ServiceSeries services(raw, context);
  ledger.subtract(raw);
  return services.views(http_series(raw, MME_FAMILY_UPSTREAM, context, ledger));
}

Snapshot resolve(KernelSnapshot raw, const ResolveContext& context, const Ledger& ledger) {
  Snapshot snapshot;
  snapshot.monotonic_s = raw.monotonic_s;
  snapshot.bounds_s = raw.bounds_s;
  // Before the ledger takes its part: a route's id keeps its names for ever, so nothing of a route is settled.
  snapshot.router = router_series(raw, context);
  snapshot.route = route_series(raw, context);
  const ServiceSeries services(raw, context);
  ledger.subtract(raw);
  snapshot.entrypoint = http_series(raw, MME_FAMILY_ENTRYPOINT, context, ledger);
  snapshot.upstream = http_series(raw, MME_FAMILY_UPSTREAM, context, ledger);
  snapshot.service = ledger.services().shown(services.views(snapshot.upstream)).without_targets().sorted();
  snapshot.mongo = mongo_series(raw, raw.series, context, false);
  snapshot.mongo_replication = mongo_series(raw, raw.series, context, true);
  snapshot.mongo_members = members(raw, context);

  snapshot.links = resolve_links(raw.links, context);
  snapshot.overhead = overhead_series(raw.overheads, context);
  if (raw.in_flight) snapshot.in_flight = resolve_in_flight(*raw.in_flight, snapshot.links, context);
  if (raw.in_flight) {
    snapshot.busy_mongo_connections =
        std::count_if(raw.mongo_connections.begin(), raw.mongo_connections.end(),
                      [](const mme_in_flight& connection) { return connection.requests != 0; });
  }
  for (const RawMongoPool& pool : raw.mongo_pools) {
    snapshot.mongo_pools.push_back(
        {label_text(pool.application, false), pool.client, pool.open, pool.busy, pool.saturated_s});
  }
  snapshot.events_lost = raw.events_lost;
  snapshot.commands_lost = raw.commands_lost;
  for (const auto& [name, count] : raw.mongo_handshakes) snapshot.mongo_handshakes[label_text(name, false)] += count;
  snapshot.mongo_slow = slow_counters(raw, context);
  snapshot.mongo_counts = command_counts(raw.mongo_counts);
  snapshot.mongo_replication_counts = command_counts(raw.mongo_replication_counts);
  snapshot.mongo_errors = client_errors(raw.mongo_errors, MME_MONGO_ERROR_COMMAND);
  snapshot.mongo_write_errors = client_errors(raw.mongo_errors, MME_MONGO_ERROR_WRITE);
  snapshot.mongo_write_concern_errors = client_errors(raw.mongo_errors, MME_MONGO_ERROR_WRITE_CONCERN);
  snapshot.mongo_replication_errors =
      command_errors(raw.mongo_errors, [](const RawMongoError& error) { return error.replication; });
  for (size_t i = 0; i < MME_PROTOCOLS; ++i) {
    snapshot.accounts[std::string(protocol_name(i))] = account(raw.accounts[i]);
  }
  for (size_t i = 0; i < MME_FAMILIES; ++i) {
    snapshot.series_in_use[std::string(family_name(i))] = raw.series_in_use[i];
    snapshot.series_overflow[std::string(family_name(i))] = raw.series_overflow[i];
  }
  snapshot.series_retired["mongo"] = raw.series_retired;
  uint64_t& exchanges_retired = snapshot.exchanges_retired["mongo"];
  for (const RawSeries& series : raw.retired) exchanges_retired += series.latency.count();
  snapshot.mongo_retired = mongo_series(raw, raw.retired, context, false);
  snapshot.series_overflow["mongo_errors"] = raw.mongo_errors_overflow;
  snapshot.programs = std::move(raw.programs);
  snapshot.map_bytes = std::move(raw.map_bytes);
  snapshot.open_entrypoint_connections = raw.open_connections[MME_ROLE_ENTRYPOINT];
  snapshot.open_by_entrypoint = open_by_entrypoint(raw, context);
  snapshot.mongo_connections_created = raw.mongo_connections_created;
  // The programs do not see every close: a container's cgroup may go before the last connections of its mongod.
  snapshot.open_mongo_connections =
      raw.in_flight ? raw.mongo_connections.size() : raw.open_connections[MME_ROLE_MONGOD];
  return snapshot;
}

}  // namespace mme

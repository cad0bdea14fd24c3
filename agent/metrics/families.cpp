// SPDX-License-Identifier: Apache-2.0
#include "metrics/families.h"

#include <map>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "metrics/names.h"

namespace mme {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;
using Families = std::vector<MetricFamily>;

ClientMetric with_labels(Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  return metric;
}

// A family under construction; it is left out when nothing was added to it.
class Builder {
 public:
  Builder(std::string_view name, std::string_view help, MetricType type) {
    family_.name = name;
    family_.help = help;
    family_.type = type;
  }

  void reserve(size_t metrics) { family_.metric.reserve(metrics); }

  void add(Labels labels, double value) {
    ClientMetric metric = with_labels(std::move(labels));
    switch (family_.type) {
      case MetricType::Counter:
        metric.counter.value = value;
        break;
      case MetricType::Gauge:
        metric.gauge.value = value;
        break;
      default:
        metric.untyped.value = value;
        break;
    }
    family_.metric.push_back(std::move(metric));
  }
  void add(Labels labels, uint64_t value) { add(std::move(labels), static_cast<double>(value)); }

  void add_histogram(Labels labels, ClientMetric::Histogram histogram) {
    ClientMetric metric = with_labels(std::move(labels));
    metric.histogram = std::move(histogram);
    family_.metric.push_back(std::move(metric));
  }

  void finish(Families& families) {
    if (!family_.metric.empty()) families.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

// The exact counts of the configured bounds, of all series of a run, cumulative as Prometheus wants them.
template <typename Series>
ClientMetric::Histogram histogram(const std::vector<double>& bounds_s, std::span<const Series> run) {
  ClientMetric::Histogram histogram;
  histogram.bucket.reserve(bounds_s.size());
  uint64_t cumulative = 0;
  for (size_t i = 0; i < bounds_s.size(); ++i) {
    for (const Series& series : run) {
      if (i < series.latency.bounds.size()) cumulative += series.latency.bounds[i];
    }
    histogram.bucket.push_back({cumulative, bounds_s[i]});
  }
  uint64_t sum_ns = 0;
  for (const Series& series : run) {
    histogram.sample_count += series.latency.count();
    sum_ns += series.latency.sum_ns;
  }
  histogram.sample_sum = static_cast<double>(sum_ns) / 1e9;
  return histogram;
}

auto http_exposed(const HttpSeries& series) {
  return std::tie(series.leg, series.code, series.method, series.protocol);
}
auto mongo_exposed(const MongoSeries& series) {
  return std::tie(series.command, series.database, series.collection, series.outcome);
}

// Calls `use` with each run of neighbours that have the same `key`; resolve() sorted by these labels, the target last.
template <typename Series, typename Key, typename Use>
void for_each_run(const std::vector<Series>& all, Key key, Use use) {
  for (size_t begin = 0; begin < all.size();) {
    size_t end = begin + 1;
    while (end < all.size() && key(all[begin]) == key(all[end])) ++end;
    use(std::span<const Series>(&all[begin], end - begin));
    begin = end;
  }
}

template <typename Series>
uint64_t sum(std::span<const Series> run, uint64_t Series::*field) {
  uint64_t total = 0;
  for (const Series& series : run) total += series.*field;
  return total;
}

// What the two HTTP legs differ in.
struct HttpLeg {
  std::string prefix;  // "traefik_entrypoint"
  std::string where;   // of HELP: "on an entrypoint"
  std::string duration;
  Labels (*labels)(const HttpSeries&);
};

Labels entrypoint_labels(const HttpSeries& series) {
  return {{"code", series.code}, {"entrypoint", series.leg}, {"method", series.method}, {"protocol", series.protocol}};
}

Labels upstream_labels(const HttpSeries& series) {
  const bool address = series.leg.find(':') != std::string::npos;  // not `_other`
  return {{"code", series.code},
          {"method", series.method},
          {"protocol", series.protocol},
          {"service", series.leg},
          {"url", address ? "http://" + series.leg : series.leg}};
}

void http_leg(const HttpLeg& leg, const std::vector<HttpSeries>& all, const std::vector<double>& bounds_s,
              Families& out) {
  const std::string partition = ", partitioned by status code, protocol, and method.";
  Builder requests(leg.prefix + "_requests_total", "How many HTTP requests were processed " + leg.where + partition,
                   MetricType::Counter);
  Builder durations(leg.prefix + "_request_duration_seconds", leg.duration, MetricType::Histogram);
  Builder request_bytes(leg.prefix + "_requests_bytes_total",
                        "The total size of request bodies in bytes " + leg.where + partition, MetricType::Counter);
  Builder response_bytes(leg.prefix + "_responses_bytes_total",
                         "The total size of response bodies in bytes " + leg.where + partition, MetricType::Counter);
  for (Builder* builder : {&requests, &durations, &request_bytes, &response_bytes}) builder->reserve(all.size());

  for_each_run(all, http_exposed, [&](std::span<const HttpSeries> run) {
    const Labels labels = leg.labels(run.front());
    ClientMetric::Histogram latency = histogram(bounds_s, run);
    requests.add(labels, latency.sample_count);
    durations.add_histogram(labels, std::move(latency));
    request_bytes.add(labels, sum(run, &HttpSeries::request_bytes));
    response_bytes.add(labels, sum(run, &HttpSeries::response_bytes));
  });
  for (Builder* builder : {&requests, &durations, &request_bytes, &response_bytes}) builder->finish(out);
}

void http_families(const Snapshot& snapshot, Families& out) {
  http_leg({"traefik_entrypoint", "on an entrypoint",
            "How long a request took on an entrypoint, from its first byte at the socket to the last byte of the "
            "response leaving it. Traefik's own figure excludes the wait in the socket.",
            entrypoint_labels},
           snapshot.entrypoint, snapshot.bounds_s, out);
  http_leg({"mme_upstream", "by an upstream server",
            "How long an upstream server took, from the first byte of the request leaving Traefik to the last byte of "
            "the response at Traefik's socket.",
            upstream_labels},
           snapshot.upstream, snapshot.bounds_s, out);

  Builder open("traefik_open_connections", "How many open connections exist, by entrypoint and protocol.",
               MetricType::Gauge);
  for (const auto& [entrypoint, count] : snapshot.open_by_entrypoint) {
    open.add({{"entrypoint", entrypoint}, {"protocol", "TCP"}}, count);
  }
  open.finish(out);
}

Labels mongo_labels(const MongoSeries& series) {
  return {{"collection", series.collection},
          {"command", series.command},
          {"database", series.database},
          {"outcome", series.outcome}};
}

auto without_outcome(const MongoSeries& series) {
  return std::tie(series.command, series.database, series.collection);
}

// The byte counters have no outcome label: both outcomes of a command go into one.
void mongo_bytes(const Snapshot& snapshot, Families& out) {
  Builder requests("mme_mongo_request_bytes_total", "Bytes of the wire messages of MongoDB requests.",
                   MetricType::Counter);
  Builder responses("mme_mongo_response_bytes_total", "Bytes of the wire messages of MongoDB replies.",
                    MetricType::Counter);
  requests.reserve(snapshot.mongo.size());
  responses.reserve(snapshot.mongo.size());
  for_each_run(snapshot.mongo, without_outcome, [&](std::span<const MongoSeries> run) {
    const MongoSeries& series = run.front();
    const Labels labels = {
        {"collection", series.collection}, {"command", series.command}, {"database", series.database}};
    requests.add(labels, sum(run, &MongoSeries::request_bytes));
    responses.add(labels, sum(run, &MongoSeries::response_bytes));
  });
  requests.finish(out);
  responses.finish(out);
}

void mongo_families(const Snapshot& snapshot, Families& out) {
  Builder durations("mme_mongo_command_duration_seconds",
                    "How long a MongoDB command took at the socket of mongod, from the first byte of the request to "
                    "the last byte of the reply. Includes the wait in the socket, which opLatencies of serverStatus "
                    "does not.",
                    MetricType::Histogram);
  durations.reserve(snapshot.mongo.size());
  for_each_run(snapshot.mongo, mongo_exposed, [&](std::span<const MongoSeries> run) {
    durations.add_histogram(mongo_labels(run.front()), histogram(snapshot.bounds_s, run));
  });
  durations.finish(out);
  mongo_bytes(snapshot, out);

  Builder errors("mme_mongo_command_errors_total", "MongoDB error replies, by command and name of the error code.",
                 MetricType::Counter);
  for (const MongoCommandError& error : snapshot.mongo_errors) {
    errors.add({{"command", error.command}, {"error", error.error}}, error.count);
  }
  errors.finish(out);

  const auto counter = [&out](const char* name, const char* help, const std::vector<MongoCommandCounter>& counts) {
    Builder builder(name, help, MetricType::Counter);
    for (const MongoCommandCounter& entry : counts) builder.add({{"command", entry.command}}, entry.count);
    builder.finish(out);
  };
  counter("mme_mongo_awaited_total",
          "Replies that mongod holds back by design (awaitable hello, awaitData getMore, exhaust), never in the "
          "latency histogram.",
          snapshot.mongo_awaited);
  counter("mme_mongo_unacknowledged_total", "MongoDB requests that ask for no reply.", snapshot.mongo_unacknowledged);

  Builder connections("mme_mongo_connections", "Connections to mongod, by state.", MetricType::Gauge);
  connections.add({{"state", "open"}}, snapshot.open_mongo_connections);
  connections.finish(out);
}

bool shows(Subset subset, bool http) {
  return subset == Subset::all || (subset == Subset::traefik) == http;
}

void target_families(const Snapshot& snapshot, Subset subset, Families& out) {
  Builder up("mme_agent_target_up", "1: the target was found and is observed.", MetricType::Gauge);
  std::map<std::pair<std::string_view, std::string_view>, bool> targets;
  for (const TargetState& target : snapshot.targets) targets[{target.kind, target.name}] |= target.up;
  for (const auto& [key, is_up] : targets) {
    if (!shows(subset, key.first == "traefik")) continue;
    up.add({{"kind", std::string(key.first)}, {"name", std::string(key.second)}}, uint64_t{is_up});
  }
  up.finish(out);
}

// Of a subset: the hooks on the cgroups of its targets, which may be those of the other subset too.
void hook_families(const Snapshot& snapshot, Subset subset, Families& out) {
  std::set<std::string_view> other_cgroups;
  std::set<std::string_view> cgroups;
  for (const TargetState& target : snapshot.targets) {
    (shows(subset, target.kind == "traefik") ? cgroups : other_cgroups).insert(target.cgroup);
  }
  std::map<std::pair<std::string, std::string>, bool> hooks;
  for (const Attachment& attachment : snapshot.attachments) {
    if (other_cgroups.contains(attachment.cgroup) && !cgroups.contains(attachment.cgroup)) continue;
    hooks[{path_label(attachment.cgroup), attachment.hook}] |= attachment.attached;
  }
  Builder attached("mme_agent_attached", "1: the BPF program of the hook is attached to the cgroup.",
                   MetricType::Gauge);
  for (const auto& [key, is_attached] : hooks) {
    attached.add({{"cgroup", key.first}, {"hook", key.second}}, uint64_t{is_attached});
  }
  attached.finish(out);
}

void account_families(const Snapshot& snapshot, Subset subset, Families& out) {
  Builder seen("mme_agent_bytes_seen_total", "Bytes of TCP payload on observed connections: parsed + skipped.",
               MetricType::Counter);
  Builder parsed("mme_agent_bytes_parsed_total", "Bytes of TCP payload that were understood.", MetricType::Counter);
  Builder skipped("mme_agent_bytes_skipped_total", "Bytes of TCP payload that were not understood, by reason.",
                  MetricType::Counter);
  Builder messages("mme_agent_messages_skipped_total", "Messages that are in no histogram, by reason.",
                   MetricType::Counter);
  for (const auto& [protocol, account] : snapshot.accounts) {
    if (!shows(subset, protocol == "http")) continue;
    seen.add({{"protocol", protocol}}, account.bytes_seen);
    parsed.add({{"protocol", protocol}}, account.bytes_parsed);
    for (const auto& [reason, count] : account.bytes_skipped) {
      skipped.add({{"protocol", protocol}, {"reason", reason}}, count);
    }
    for (const auto& [reason, count] : account.messages_skipped) {
      messages.add({{"protocol", protocol}, {"reason", reason}}, count);
    }
  }
  for (Builder* builder : {&seen, &parsed, &skipped, &messages}) builder->finish(out);
}

void capacity_families(const Snapshot& snapshot, Subset subset, Families& out) {
  Builder series("mme_agent_series", "Series in use, by family.", MetricType::Gauge);
  for (const auto& [family, count] : snapshot.series_in_use) {
    if (shows(subset, !family.starts_with("mongo"))) series.add({{"family", family}}, count);
  }
  series.finish(out);

  Builder overflow("mme_agent_series_overflow_total",
                   "Exchanges that were counted in the `_other` series because the family was full.",
                   MetricType::Counter);
  for (const auto& [family, count] : snapshot.series_overflow) {
    if (shows(subset, !family.starts_with("mongo"))) overflow.add({{"family", family}}, count);
  }
  overflow.finish(out);

  Builder lost("mme_agent_events_lost_total", "Events that did not reach the agent, by stream and reason.",
               MetricType::Counter);
  for (const auto& [stream_reason, count] : snapshot.events_lost) {
    const size_t slash = stream_reason.find('/');
    const std::string reason = slash == std::string::npos ? "unknown" : stream_reason.substr(slash + 1);
    lost.add({{"reason", reason}, {"stream", stream_reason.substr(0, slash)}}, count);
  }
  lost.finish(out);
}

void cost_families(const Snapshot& snapshot, Families& out) {
  std::map<std::string_view, ProgramCost> programs;
  for (const ProgramCost& cost : snapshot.programs) {
    programs[cost.program].run_time_ns += cost.run_time_ns;
    programs[cost.program].run_count += cost.run_count;
  }
  Builder seconds("mme_agent_bpf_run_seconds_total",
                  "Time spent in the BPF program; 0 unless kernel.bpf_stats_enabled is 1.", MetricType::Counter);
  Builder runs("mme_agent_bpf_runs_total", "Runs of the BPF program; 0 unless kernel.bpf_stats_enabled is 1.",
               MetricType::Counter);
  for (const auto& [program, cost] : programs) {
    seconds.add({{"program", std::string(program)}}, static_cast<double>(cost.run_time_ns) / 1e9);
    runs.add({{"program", std::string(program)}}, cost.run_count);
  }
  seconds.finish(out);
  runs.finish(out);

  Builder maps("mme_agent_map_bytes", "Kernel memory of the BPF map as configured.", MetricType::Gauge);
  for (const auto& [map, bytes] : snapshot.map_bytes) maps.add({{"map", map}}, bytes);
  maps.finish(out);
}

void single(std::string_view name, std::string_view help, MetricType type, Labels labels, double value, Families& out) {
  Builder builder(name, help, type);
  builder.add(std::move(labels), value);
  builder.finish(out);
}

void process_families(const AgentInfo& agent, Families& out) {
  const ProcessUsage& process = agent.process;
  const auto gauge = [&out](const char* name, const char* help, double value) {
    single(name, help, MetricType::Gauge, {}, value, out);
  };
  single("mme_agent_build_info", "Always 1; which agent this is.", MetricType::Gauge,
         {{"revision", agent.revision}, {"version", agent.version}}, 1, out);
  gauge("mme_agent_config_last_reload_successful", "1: the last load of the configuration succeeded.",
        agent.config_reload_ok ? 1 : 0);
  single("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricType::Counter, {},
         process.cpu_seconds, out);
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", static_cast<double>(process.resident_bytes));
  gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", static_cast<double>(process.virtual_bytes));
  gauge("process_open_fds", "Number of open file descriptors.", static_cast<double>(process.open_fds));
  gauge("process_max_fds", "Maximum number of open file descriptors.", static_cast<double>(process.max_fds));
  gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
        process.start_time_seconds);
}

}  // namespace

std::vector<MetricFamily> families(const Snapshot& snapshot, Subset subset) {
  Families out;
  if (shows(subset, true)) http_families(snapshot, out);
  if (shows(subset, false)) mongo_families(snapshot, out);
  target_families(snapshot, subset, out);
  hook_families(snapshot, subset, out);
  account_families(snapshot, subset, out);
  capacity_families(snapshot, subset, out);
  cost_families(snapshot, out);
  process_families(snapshot.agent, out);
  return out;
}

}  // namespace mme

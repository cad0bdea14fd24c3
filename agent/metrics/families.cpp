// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "metrics/exposition.h"
#include "metrics/http_families.h"
#include "metrics/link_families.h"
#include "metrics/names.h"
#include "metrics/runs.h"
#include "metrics/server_status_families.h"
#include "metrics/text.h"

namespace mme {
namespace {

auto mongo_exposed(const MongoSeries& series) {
  return std::tie(series.command, series.database, series.collection, series.outcome);
}
auto mongo_without_outcome(const MongoSeries& series) {
  return std::tie(series.command, series.database, series.collection);
}

std::string mongo_labels(const MongoSeries& series) {
  return label_pairs({{"collection", series.collection},
                      {"command", series.command},
                      {"database", series.database},
                      {"outcome", series.outcome}});
}

template <typename Series>
std::string mongo_labels_without_outcome(const Series& series) {
  return label_pairs({{"collection", series.collection}, {"command", series.command}, {"database", series.database}});
}

void mongo_slow(const Snapshot& snapshot, TextWriter& out) {
  out.family("mme_mongo_slow_commands_total", "MongoDB commands that took as long as their threshold, or longer.",
             MetricType::counter);
  for (const MongoSlowCounter& slow : snapshot.mongo_slow) out.sample(mongo_labels_without_outcome(slow), slow.count);
}

struct MongoFamilies {
  const char* duration;
  const char* duration_help;
  const char* request_bytes;
  const char* request_bytes_help;
  const char* response_bytes;
  const char* response_bytes_help;
};

constexpr MongoFamilies kOfClients{
    .duration = "mme_mongo_command_duration_seconds",
    .duration_help =
        "How long a MongoDB command took at the socket of mongod, from the first byte of the request to "
        "the last byte of the reply. Includes the wait in the socket, which opLatencies of serverStatus "
        "does not.",
    .request_bytes = "mme_mongo_request_bytes_total",
    .request_bytes_help = "Bytes of the wire messages of MongoDB requests.",
    .response_bytes = "mme_mongo_response_bytes_total",
    .response_bytes_help = "Bytes of the wire messages of MongoDB replies."};

constexpr MongoFamilies kOfMembers{
    .duration = "mme_mongo_replication_duration_seconds",
    .duration_help = "As mme_mongo_command_duration_seconds, of what other members of the replica set ask mongod for.",
    .request_bytes = "mme_mongo_replication_request_bytes_total",
    .request_bytes_help = "Bytes of the wire messages of other members' requests.",
    .response_bytes = "mme_mongo_replication_response_bytes_total",
    .response_bytes_help = "Bytes of the wire messages of the replies to other members."};

// The byte counters have no outcome label: both outcomes of a command go into one.
void mongo_bytes(const MongoFamilies& names, const std::vector<MongoSeries>& series, TextWriter& out) {
  const auto shown = runs(series, mongo_without_outcome, mongo_labels_without_outcome<MongoSeries>);
  out.family(names.request_bytes, names.request_bytes_help, MetricType::counter);
  for (const auto& run : shown) out.sample(run.labels, sum(run.series, &MongoSeries::request_bytes));
  out.family(names.response_bytes, names.response_bytes_help, MetricType::counter);
  for (const auto& run : shown) out.sample(run.labels, sum(run.series, &MongoSeries::response_bytes));
}

void mongo_commands(const MongoFamilies& names, const std::vector<MongoSeries>& series,
                    const std::vector<double>& bounds_s, TextWriter& out) {
  out.family(names.duration, names.duration_help, MetricType::histogram);
  for (const auto& run : runs(series, mongo_exposed, mongo_labels)) {
    out.histogram(run.labels, bounds_s, histogram(bounds_s, run.series));
  }
  mongo_bytes(names, series, out);
}

struct MongoCountFamily {
  __u64 mme_mongo_counts::*count;
  const char* name;
  const char* help;
};

constexpr std::array kCountsOfClients{
    MongoCountFamily{&mme_mongo_counts::awaited, "mme_mongo_awaited_total",
                     "Replies that mongod holds back by design (awaitable hello, awaitData getMore, exhaust), never in "
                     "the latency histogram."},
    MongoCountFamily{&mme_mongo_counts::unacknowledged, "mme_mongo_unacknowledged_total",
                     "MongoDB requests that ask for no reply."},
    MongoCountFamily{&mme_mongo_counts::cursors_opened, "mme_mongo_cursor_opened_total",
                     "Cursors with more than one batch, by the command that opened them."},
    MongoCountFamily{&mme_mongo_counts::cursors_exhausted, "mme_mongo_cursor_exhausted_total",
                     "Cursors whose last batch a getMore has brought, by the command that opened them."},
    MongoCountFamily{&mme_mongo_counts::documents, "mme_mongo_cursor_documents_total",
                     "Documents in batches, the first one included, by the command that opened the cursor."},
    MongoCountFamily{&mme_mongo_counts::bytes, "mme_mongo_cursor_bytes_total",
                     "Size of the replies that bring batches, by the command that opened the cursor."},
    MongoCountFamily{&mme_mongo_counts::cursors_killed, "mme_mongo_cursor_killed_total",
                     "Cursors that mongod says it has killed on request (killCursors)."}};

constexpr std::array kCountsOfMembers{
    MongoCountFamily{&mme_mongo_counts::awaited, "mme_mongo_replication_awaited_total",
                     "As mme_mongo_awaited_total, of other members: the oplog's stream."},
    MongoCountFamily{&mme_mongo_counts::unacknowledged, "mme_mongo_replication_unacknowledged_total",
                     "As mme_mongo_unacknowledged_total, of other members."},
    MongoCountFamily{&mme_mongo_counts::cursors_opened, "mme_mongo_replication_cursor_opened_total",
                     "As mme_mongo_cursor_opened_total, of other members."},
    MongoCountFamily{&mme_mongo_counts::cursors_exhausted, "mme_mongo_replication_cursor_exhausted_total",
                     "As mme_mongo_cursor_exhausted_total, of other members."},
    MongoCountFamily{&mme_mongo_counts::documents, "mme_mongo_replication_cursor_documents_total",
                     "As mme_mongo_cursor_documents_total, of other members: what they copy, and the oplog's entries."},
    MongoCountFamily{&mme_mongo_counts::bytes, "mme_mongo_replication_cursor_bytes_total",
                     "As mme_mongo_cursor_bytes_total, of other members."},
    MongoCountFamily{&mme_mongo_counts::cursors_killed, "mme_mongo_replication_cursor_killed_total",
                     "As mme_mongo_cursor_killed_total, of other members."}};

void mongo_counts(std::span<const MongoCountFamily> families, const std::vector<MongoCommandCounts>& all,
                  TextWriter& out) {
  for (const auto& [count, name, help] : families) {
    out.family(name, help, MetricType::counter);
    uint64_t killed = 0;
    for (const auto& [command, counts] : all) {
      if (count == &mme_mongo_counts::cursors_killed)
        killed += counts.*count;
      else if (counts.*count != 0)
        out.sample(label_pairs({{"command", command}}), uint64_t{counts.*count});
    }
    // one command alone kills them
    if (count == &mme_mongo_counts::cursors_killed) out.sample("", killed);
  }
}

void mongo_members(const Snapshot& snapshot, TextWriter& out) {
  out.family("mme_mongo_member_info",
             "Always 1; what mongod says of itself in its latest reply to a hello: replica set, address in it, role.",
             MetricType::gauge);
  for (const MongoMember& member : snapshot.mongo_members) {
    out.sample(label_pairs({{"me", member.me}, {"role", member.role}, {"set", member.set}, {"target", member.target}}),
               uint64_t{1});
  }
}

void mongo_families(const Snapshot& snapshot, TextWriter& out) {
  mongo_commands(kOfClients, snapshot.mongo, snapshot.bounds_s, out);
  mongo_commands(kOfMembers, snapshot.mongo_replication, snapshot.bounds_s, out);
  mongo_members(snapshot, out);
  mongo_slow(snapshot, out);

  const auto errors = [&out](const char* name, const char* help, const std::vector<MongoCommandError>& counts) {
    out.family(name, help, MetricType::counter);
    for (const MongoCommandError& entry : counts) {
      out.sample(label_pairs({{"command", entry.command}, {"error", entry.error}}), entry.count);
    }
  };
  errors("mme_mongo_command_errors_total", "MongoDB error replies (ok: 0), by command and name of the error code.",
         snapshot.mongo_errors);
  errors("mme_mongo_write_errors_total",
         "MongoDB replies with ok: 1 that hold writeErrors, by command and name of the first one's code.",
         snapshot.mongo_write_errors);
  errors("mme_mongo_write_concern_errors_total",
         "MongoDB replies that hold a writeConcernError, by command and name of its code.",
         snapshot.mongo_write_concern_errors);
  errors("mme_mongo_replication_errors_total",
         "Errors in replies to other members, wherever the reply tells of them, by command and name of the code.",
         snapshot.mongo_replication_errors);

  mongo_counts(kCountsOfClients, snapshot.mongo_counts, out);
  mongo_counts(kCountsOfMembers, snapshot.mongo_replication_counts, out);

  out.family("mme_mongo_handshakes_total", "Handshakes of MongoDB drivers, by the application name in them.",
             MetricType::counter);
  for (const auto& [name, count] : snapshot.mongo_handshakes) {
    out.sample(label_pairs({{"application", name}}), count);
  }

  out.family("mme_mongo_connections_created_total", "Connections to mongod that were opened.", MetricType::counter);
  out.sample({}, snapshot.mongo_connections_created);
  out.family("mme_mongo_connections", "Connections to mongod, by state.", MetricType::gauge);
  if (snapshot.busy_mongo_connections) out.sample(label_pairs({{"state", "busy"}}), *snapshot.busy_mongo_connections);
  out.sample(label_pairs({{"state", "open"}}), snapshot.open_mongo_connections);
}

void mongo_pools(const Snapshot& snapshot, TextWriter& out) {
  out.family("mme_mongo_client_connections", "Connections to mongod, by application, client address and state.",
             MetricType::gauge);
  for (const MongoPool& pool : snapshot.mongo_pools) {
    const auto labels = [&](std::string_view state) {
      return label_pairs({{"application", pool.application}, {"client", pool.client}, {"state", state}});
    };
    out.sample(labels("busy"), pool.busy);
    out.sample(labels("open"), pool.open);
  }
  out.family("mme_mongo_pool_saturated_seconds_total",
             "For how long all connections of a client that carry commands waited for replies.", MetricType::counter);
  for (const MongoPool& pool : snapshot.mongo_pools) {
    out.sample(label_pairs({{"application", pool.application}, {"client", pool.client}}), pool.saturated_s);
  }
}

bool shows(Subset subset, bool http) {
  return subset == Subset::all || (subset == Subset::traefik) == http;
}

void target_families(const Snapshot& snapshot, Subset subset, TextWriter& out) {
  std::map<std::pair<std::string_view, std::string_view>, bool> targets;
  for (const TargetState& target : snapshot.targets) targets[{target.kind, target.name}] |= target.up;
  out.family("mme_agent_target_up", "1: the target was found and is observed.", MetricType::gauge);
  for (const auto& [key, is_up] : targets) {
    if (!shows(subset, key.first == "traefik")) continue;
    out.sample(label_pairs({{"kind", key.first}, {"name", key.second}}), uint64_t{is_up});
  }
}

// Of a subset: the hooks on the cgroups of its targets, which may be those of the other subset too.
void hook_families(const Snapshot& snapshot, Subset subset, TextWriter& out) {
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
  out.family("mme_agent_attached", "1: the BPF program of the hook is attached to the cgroup.", MetricType::gauge);
  for (const auto& [key, is_attached] : hooks) {
    out.sample(label_pairs({{"cgroup", key.first}, {"hook", key.second}}), uint64_t{is_attached});
  }
}

void account_families(const Snapshot& snapshot, Subset subset, TextWriter& out) {
  const auto each_protocol = [&](const char* name, const char* help, auto write) {
    out.family(name, help, MetricType::counter);
    for (const auto& [protocol, account] : snapshot.accounts) {
      if (shows(subset, protocol == "http")) write(protocol, account);
    }
  };
  const auto each_reason = [&](const std::string& protocol, const std::map<std::string, uint64_t>& counts) {
    for (const auto& [reason, count] : counts) {
      out.sample(label_pairs({{"protocol", protocol}, {"reason", reason}}), count);
    }
  };
  each_protocol("mme_agent_bytes_seen_total", "Bytes of TCP payload on observed connections: parsed + skipped.",
                [&](const std::string& protocol, const ProtocolAccount& account) {
                  out.sample(label_pairs({{"protocol", protocol}}), account.bytes_seen);
                });
  each_protocol("mme_agent_bytes_parsed_total", "Bytes of TCP payload that were understood.",
                [&](const std::string& protocol, const ProtocolAccount& account) {
                  out.sample(label_pairs({{"protocol", protocol}}), account.bytes_parsed);
                });
  each_protocol("mme_agent_bytes_skipped_total", "Bytes of TCP payload that were not understood, by reason.",
                [&](const std::string& protocol, const ProtocolAccount& account) {
                  each_reason(protocol, account.bytes_skipped);
                });
  each_protocol("mme_agent_messages_skipped_total", "Messages that are in no histogram, by reason.",
                [&](const std::string& protocol, const ProtocolAccount& account) {
                  each_reason(protocol, account.messages_skipped);
                });
}

void capacity_families(const Snapshot& snapshot, Subset subset, TextWriter& out) {
  const auto each_family = [&](const std::map<std::string, uint64_t>& counts) {
    for (const auto& [family, count] : counts) {
      if (shows(subset, !family.starts_with("mongo"))) out.sample(label_pairs({{"family", family}}), count);
    }
  };
  out.family("mme_agent_series", "Series in use, by family.", MetricType::gauge);
  each_family(snapshot.series_in_use);
  out.family("mme_agent_series_overflow_total",
             "Exchanges that were counted in the `_other` series because the family was full.", MetricType::counter);
  each_family(snapshot.series_overflow);
  out.family("mme_agent_series_retired_total", "Series that made room for others with more exchanges.",
             MetricType::counter);
  each_family(snapshot.series_retired);
  out.family("mme_agent_series_retired_exchanges_total", "Exchanges that retired series had counted.",
             MetricType::counter);
  each_family(snapshot.exchanges_retired);
}

void event_families(const Snapshot& snapshot, Subset subset, TextWriter& out) {
  out.family("mme_agent_events_lost_total", "What the programs could not tell the agent, or the agent could not write.",
             MetricType::counter);
  if (shows(subset, true))
    out.sample(label_pairs({{"reason", "ring_full"}, {"stream", "routes"}}), snapshot.events_lost);
  if (!shows(subset, false)) return;
  out.sample(label_pairs({{"reason", "ring_full"}, {"stream", "commands"}}),
             snapshot.commands_lost[MME_LOST_RING_FULL]);
  out.sample(label_pairs({{"reason", "no_room"}, {"stream", "commands"}}), snapshot.commands_lost[MME_LOST_NO_CAPTURE]);
  out.sample(label_pairs({{"reason", "not_written"}, {"stream", "slow_file"}}), snapshot.slow_lines_lost);
}

void cost_families(const Snapshot& snapshot, TextWriter& out) {
  std::map<std::string_view, ProgramCost> programs;
  for (const ProgramCost& cost : snapshot.programs) {
    programs[cost.program].run_time_ns += cost.run_time_ns;
    programs[cost.program].run_count += cost.run_count;
  }
  out.family("mme_agent_bpf_run_seconds_total",
             "Time spent in the BPF program; 0 unless kernel.bpf_stats_enabled is 1.", MetricType::counter);
  for (const auto& [program, cost] : programs) {
    out.sample(label_pairs({{"program", program}}), static_cast<double>(cost.run_time_ns) / 1e9);
  }
  out.family("mme_agent_bpf_runs_total", "Runs of the BPF program; 0 unless kernel.bpf_stats_enabled is 1.",
             MetricType::counter);
  for (const auto& [program, cost] : programs) out.sample(label_pairs({{"program", program}}), cost.run_count);

  out.family("mme_agent_map_bytes", "Kernel memory of the BPF map as configured.", MetricType::gauge);
  for (const auto& [map, bytes] : snapshot.map_bytes) out.sample(label_pairs({{"map", map}}), bytes);
}

void process_families(const AgentInfo& agent, TextWriter& out) {
  const ProcessUsage& process = agent.process;
  const auto gauge = [&out](const char* name, const char* help, double value) {
    out.family(name, help, MetricType::gauge);
    out.sample("", value);
  };
  out.family("mme_agent_build_info", "Always 1; which agent this is.", MetricType::gauge);
  out.sample(label_pairs({{"revision", agent.revision}, {"version", agent.version}}), uint64_t{1});
  gauge("mme_agent_config_last_reload_successful", "1: the last load of the configuration succeeded.",
        agent.config_reload_ok ? 1 : 0);
  out.family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricType::counter);
  out.sample("", process.cpu_seconds);
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", static_cast<double>(process.resident_bytes));
  gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", static_cast<double>(process.virtual_bytes));
  gauge("process_open_fds", "Number of open file descriptors.", static_cast<double>(process.open_fds));
  gauge("process_max_fds", "Maximum number of open file descriptors.", static_cast<double>(process.max_fds));
  gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
        process.start_time_seconds);
}

void compat_family(const Snapshot& snapshot, TextWriter& out) {
  out.family("mme_agent_compat_traefik_families", "1: the families named traefik_ are served; 0: they are left out.",
             MetricType::gauge);
  out.sample("", uint64_t{snapshot.traefik_families});
}

bool write_families(const Snapshot& snapshot, Subset subset, const TextSink& sink) {
  TextWriter out(sink);
  if (shows(subset, true)) http_families(snapshot, out);
  if (shows(subset, false)) mongo_families(snapshot, out);
  if (shows(subset, false)) mongo_pools(snapshot, out);
  if (shows(subset, false)) server_status_families(snapshot.mongods, out);
  link_families(snapshot.links, shows(subset, true), shows(subset, false), out);
  target_families(snapshot, subset, out);
  hook_families(snapshot, subset, out);
  account_families(snapshot, subset, out);
  capacity_families(snapshot, subset, out);
  event_families(snapshot, subset, out);
  cost_families(snapshot, out);
  if (shows(subset, true)) compat_family(snapshot, out);
  process_families(snapshot.agent, out);
  return out.finish();
}

}  // namespace

TextSource exposition(Snapshot snapshot, Subset subset) {
  // A std::function is copied. What the snapshot took lies scattered, and would stay resident until the next scrape.
  const auto free = [](const Snapshot* read) {
    delete read;
    ::malloc_trim(0);
  };
  const std::shared_ptr<const Snapshot> shared(new Snapshot(std::move(snapshot)), free);
  return [shared, subset](const TextSink& sink) { return write_families(*shared, subset, sink); };
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/in_flight.h"
#include "metrics/links.h"
#include "metrics/mongo_counts.h"
#include "metrics/overhead_series.h"
#include "metrics/server_status.h"
#include "mme/abi.h"

namespace mme {

// A latency histogram as the maps hold it, summed over shards. All counts are cumulative since the maps were made,
// never reset.
struct Latency {
  struct Bucket {
    uint32_t index = 0;  // mme_bucket_index()
    uint64_t count = 0;

    bool operator==(const Bucket&) const = default;
  };
  std::vector<uint64_t> bounds;  // exact counts by configured bound, not cumulative; one more for +Inf
  std::vector<Bucket> buckets;   // those that are not 0, some ten of 218; ascending by index, not cumulative
  uint64_t sum_ns = 0;

  [[nodiscard]] uint64_t count() const {
    uint64_t total = 0;
    for (uint64_t n : bounds) total += n;
    return total;
  }
};

// Labels are display text already (resolved names, "ip:port", "_other"), valid UTF-8, at most 128 bytes.
struct HttpSeries {
  std::string target;    // Target::name
  std::string leg;       // entrypoint name or ":PORT"; upstream "ip:port"; else as `name`
  std::string method;    // Traefik's closed set
  std::string protocol;  // "http", "websocket", ...
  std::string code;      // "200"
  Latency latency;
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  std::string name = {};     // entrypoint as `leg`; upstream: service, of a server without one "ip:port"; router; route
  std::string url = {};      // upstream: of the server, as Traefik has it
  std::string service = {};  // router, route: where the requests go
};

struct MongoSeries {
  std::string target;
  std::string command;
  std::string database;
  std::string collection;
  std::string outcome;  // "ok", "error"
  bool ok = true;
  Latency latency;
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
};

struct MongoCommandError {
  std::string command;
  std::string error;  // closed set of code names, else "other"
  uint64_t count = 0;
};

struct MongoSlowCounter {
  std::string command;
  std::string database;
  std::string collection;
  uint64_t count = 0;
};

// A mongod as its latest reply to a hello says: in which replica set, under which address, as what.
struct MongoMember {
  std::string target;
  std::string set;   // empty: none
  std::string me;    // "host:port"
  std::string role;  // "primary", "secondary", "arbiter", "mongos", "standalone", else "other"
};

struct MongoPool {
  std::string application;
  std::string client;
  uint64_t open = 0;
  uint64_t busy = 0;
  double saturated_s = 0;
};

struct ProtocolAccount {
  uint64_t bytes_seen = 0;
  uint64_t bytes_parsed = 0;                      // seen = parsed + sum(skipped)
  std::map<std::string, uint64_t> bytes_skipped;  // by reason; every reason is present, 0 included
  std::map<std::string, uint64_t> messages_skipped;
};

struct ProgramCost {
  std::string program;
  uint64_t run_time_ns = 0;  // 0 unless kernel.bpf_stats_enabled=1
  uint64_t run_count = 0;
  uint64_t verified_instructions = 0;
};

struct Attachment {
  std::string target;  // Target::name
  std::string hook;    // "ingress", "egress", "sockops", "connect4", "connect6"
  std::string cgroup;
  bool attached = false;
  std::string error;  // why not
};

// A name, and where it came from.
struct LearntName {
  std::string kind;    // "entrypoint", "server"
  std::string of;      // ":8080"; "10.0.0.5:8000"
  std::string name;    // the label
  std::string source;  // "file /etc/traefik/dynamic.yml:12"
};

struct TargetState {
  std::string kind;  // "traefik", "mongod"
  std::string name;
  bool up = false;  // found and attached
  int64_t pid = 0;
  std::string cgroup;
  std::vector<std::string> listeners;  // "0.0.0.0:8080"
  std::string problem;                 // empty when all is well
  std::vector<LearntName> names = {};  // of Traefik
  std::string server_status = {};      // of mongod: where it is asked, or why it is not
  std::string replica_set = {};        // of mongod, as the next two: see MongoMember; empty: not known
  std::string role = {};
  std::string me = {};
  std::string role_note = {};  // of mongod: why its role is not known
  size_t rule = 0;             // Target::rule
};

// What the agent itself uses: /proc/self.
struct ProcessUsage {
  double cpu_seconds = 0;         // user + system
  double start_time_seconds = 0;  // Unix time
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
};

struct AgentInfo {
  std::string version;
  std::string revision;
  bool config_reload_ok = true;  // of the last load or reload
  ProcessUsage process;
};

// Everything that one scrape shows, read at one moment.
struct Snapshot {
  double monotonic_s = 0;        // when it was read, CLOCK_MONOTONIC
  std::vector<double> bounds_s;  // configured `le` bounds, ascending, without +Inf
  std::vector<HttpSeries> entrypoint;
  std::vector<HttpSeries> upstream;
  std::vector<HttpSeries> router;              // entrypoints' requests by each router that counts them
  std::vector<HttpSeries> route;               // those by the operator's routes, all protocols together
  std::vector<HttpSeries> service;             // upstream servers by service, all targets together; see ServiceSeries
  std::vector<MongoSeries> mongo;              // of clients
  std::vector<MongoSeries> mongo_retired;      // of clients, what series had counted that are shown no more
  std::vector<MongoSeries> mongo_replication;  // of the other members
  std::vector<MongoCommandCounts> mongo_counts;
  std::vector<MongoCommandCounts> mongo_replication_counts;
  std::vector<MongoCommandError> mongo_errors;  // replies with ok: 0
  std::vector<MongoCommandError> mongo_write_errors;
  std::vector<MongoCommandError> mongo_write_concern_errors;
  std::vector<MongoCommandError> mongo_replication_errors;  // of all three kinds
  std::vector<MongoMember> mongo_members;                   // ascending by target, each once
  std::vector<MongoSlowCounter> mongo_slow;
  std::vector<MongoPool> mongo_pools;
  std::optional<uint64_t> busy_mongo_connections;     // nothing: the kernel cannot tell
  std::map<std::string, uint64_t> mongo_handshakes;   // by application name
  std::map<std::string, ProtocolAccount> accounts;    // "http", "mongo"
  std::map<std::string, uint64_t> series_in_use;      // by family: "entrypoint", "upstream", "mongo"
  std::map<std::string, uint64_t> series_overflow;    // exchanges that went to `_other`
  std::map<std::string, uint64_t> series_retired;     // how many have made room for others
  std::map<std::string, uint64_t> exchanges_retired;  // that those had counted
  std::vector<ProgramCost> programs;
  std::map<std::string, uint64_t> map_bytes;  // by map
  uint64_t open_entrypoint_connections = 0;
  std::map<std::string, uint64_t> open_by_entrypoint;  // adds up to the line above, as nearly as it was one moment
  uint64_t open_mongo_connections = 0;
  uint64_t mongo_connections_created = 0;
  std::vector<HttpSeries> entrypoint_first_byte;  // by name
  std::vector<HttpSeries> upstream_first_byte;    // by name and URL
  Links links;
  std::vector<OverheadSeries> overhead;
  std::optional<InFlight> in_flight;  // nothing: not known
  uint64_t events_lost = 0;
  std::array<uint64_t, MME_LOST_REASONS> commands_lost{};
  uint64_t slow_lines_lost = 0;       // that are not in slow.file
  std::vector<ServerUp> servers_up;   // ascending
  std::vector<MongodStatus> mongods;  // those that are asked for their serverStatus
  std::vector<TargetState> targets;
  std::vector<Attachment> attachments;
  AgentInfo agent;
  bool traefik_families = true;  // false: a scrape shows no family named traefik_…
};

}  // namespace mme

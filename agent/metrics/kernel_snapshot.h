// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/first_bytes.h"
#include "metrics/links.h"
#include "metrics/mongo_counts.h"
#include "metrics/overhead_series.h"
#include "metrics/snapshot.h"
#include "mme/abi.h"

namespace mme {

// One series as the maps hold it, summed over shards.
struct RawSeries {
  mme_series_key key{};
  Latency latency;
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
};

struct RawAccount {
  uint64_t bytes_seen = 0;
  uint64_t bytes_parsed = 0;
  std::array<uint64_t, MME_SKIPS> bytes_skipped{};
  std::array<uint64_t, MME_SKIPS> messages_skipped{};
};

struct RawOpenConnections {
  uint16_t target = 0;
  uint16_t port = 0;  // local, host order
  uint64_t count = 0;
};

inline constexpr size_t kOpenPortsMax = 256;  // the kernel's map has no room for more

struct RawMongoError {
  uint16_t target = 0;
  uint16_t command = 0;
  int32_t code = 0;
  uint8_t kind = MME_MONGO_ERROR_COMMAND;
  uint64_t count = 0;
  bool replication = false;
};

struct RawSlowCommands {
  mme_series_key key{};  // its outcome says nothing
  uint64_t count = 0;
};

// What a target says of itself in its latest reply to a hello. Texts are valid UTF-8 of at most 128 bytes.
struct RawMongoMember {
  uint16_t target = 0;
  std::string set;  // its replica set's name; empty: none
  std::string me;   // "host:port" as the set knows it
  std::string role;

  bool operator==(const RawMongoMember&) const = default;
};

// The connections of one client to mongods.
struct RawMongoPool {
  std::string application;  // what its handshakes said, any bytes
  std::string client;       // address
  uint64_t open = 0;
  uint64_t busy = 0;
  double saturated_s = 0;  // how long all of them that work were busy
};

// Failures at the entrypoint that are of this load balancer; see Unanswered.
struct RawUnanswered {
  std::string service;
  RawSeries series;
};

// Names from the wire by hash; any bytes, perhaps cut at MME_NAME_BYTES.
using WireNames = std::unordered_map<uint64_t, std::string>;

// What the BPF maps held at one moment; plain data, nothing resolved. kernel/map_reader fills it,
// metrics/resolve turns it into a Snapshot.
struct KernelSnapshot {
  double monotonic_s = 0;
  std::vector<double> bounds_s;
  std::vector<RawSeries> series;
  std::shared_ptr<const WireNames> names = std::make_shared<WireNames>();
  std::array<RawAccount, MME_PROTOCOLS> accounts{};
  std::array<uint64_t, MME_FAMILIES> series_in_use{};
  std::array<uint64_t, MME_FAMILIES> series_overflow{};
  uint64_t series_retired = 0;     // of MongoDB
  std::vector<RawSeries> retired;  // what those had counted, without names
  uint64_t retired_places = 0;     // that wait for other series, where there is no other place
  MongoCountsById mongo_counts;    // of clients
  MongoCountsById mongo_replication_counts;
  std::vector<RawMongoError> mongo_errors;
  uint64_t mongo_errors_overflow = 0;
  std::vector<RawMongoMember> mongo_members;  // one a target at most
  std::vector<RawSlowCommands> mongo_slow;
  std::map<std::string, uint64_t> mongo_handshakes;  // by application name, any bytes
  uint64_t events_lost = 0;
  std::array<uint64_t, MME_LOST_REASONS> commands_lost{};
  std::vector<RawFirstBytes> first_bytes;
  std::vector<RawLink> links;  // of target 0: what found no room
  std::vector<RawOverhead> overheads;
  std::vector<RawUnanswered> unanswered;
  std::vector<ProgramCost> programs;
  std::map<std::string, uint64_t> map_bytes;
  std::array<uint64_t, 4> open_connections{};    // by enum mme_role
  std::vector<RawOpenConnections> open_by_port;  // of entrypoints, up to kOpenPortsMax; empty: not known
  uint64_t mongo_connections_created = 0;
  std::vector<mme_in_flight> mongo_connections;         // open ones, where `in_flight` is known
  std::vector<RawMongoPool> mongo_pools;                // each application and client once
  std::optional<std::vector<mme_in_flight>> in_flight;  // busy links, each once; nothing: the kernel cannot tell
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/recent_map.h"
#include "config/config.h"
#include "daemon/by_connection.h"
#include "daemon/client_directory.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/latency_count.h"
#include "metrics/retired_series.h"
#include "mongo/slow_command.h"
#include "mongo/wire_message.h"

namespace mme {

// What the programs tell of MongoDB's exchanges: counts those that came compressed, describes the slow ones, remembers
// which client is which application. Pure bookkeeping.
class MongoCommands {
 public:
  // Counts of more than `series_max` series go to `_other`.
  MongoCommands(const std::vector<double>& bounds_s, uint32_t series_max);

  // What is slow from now on.
  void set_slow(const SlowConfig& slow) { slow_ = slow; }

  // `request` and `reply`: the first bytes of its messages, may be empty. `names`: what the kernel knows. The command,
  // if it was slow; its target and time are the caller's to fill in.
  [[nodiscard]] std::optional<mongo::SlowCommand> ended(const mme_mongo_exchange& exchange, std::string_view request,
                                                        std::string_view reply, const WireNames& names);

  // What the client of a connection calls itself, of another server kInternal; empty: it is not known.
  [[nodiscard]] std::string_view application_of(uint64_t cookie) const;

  // `open`: all connections of clients and members that are. What is known of others goes, but not at once.
  void forget_closed(const std::vector<mme_in_flight>& open);

  // What a target said of itself is of a process that is there no more.
  void forget_member(uint16_t target) { members_.erase(target); }

  // Forgets these series and the names that no other has; what they have counted is kept without names.
  void retire(const std::vector<mme_series_key>& keys);

  // Adds what ended() has counted.
  void add_to(KernelSnapshot& snapshot) const;

 private:
  // An exchange with what is in its messages.
  struct Opened {
    mme_sample sample{};
    std::optional<mongo::WireMessage> request;
    std::optional<mongo::WireMessage> reply;
    std::string database;
    std::string collection;
  };
  struct Pieces {
    uint32_t request_id = 0;
    std::string bytes;  // behind those that come with the exchange
  };
  // What the programs cannot see of a connection, because it is compressed.
  struct Unseen {
    uint8_t peer = MME_PEER_CLIENT;             // what it was found to be, beyond what the programs know
    uint8_t streamed = MME_COMMAND_compressed;  // the command whose replies come without requests; that: none
    uint8_t origin = MME_COMMAND_other;         // and the one that opened their cursor,
    uint64_t cursor = 0;                        // which is this
  };
  using SeriesKey = std::array<uint64_t, sizeof(mme_series_key) / sizeof(uint64_t)>;

  [[nodiscard]] Opened open(const mme_mongo_exchange& exchange, std::string_view request, std::string_view reply,
                            const WireNames& names);
  void parse_compressed(const mme_mongo_exchange& exchange, const mongo::ParsedMessage& request, Opened& opened);
  void follow_cursor(const Opened& opened, const mme_pending& request, uint64_t getmore_of);
  void forget_killed(const mongo::WireMessage& request);
  void parse_streamed(const mme_mongo_exchange& exchange, Opened& opened);
  [[nodiscard]] uint8_t peer_of(const mme_mongo_exchange& exchange) const;
  void remember_unseen(uint64_t cookie, const Unseen& unseen);
  void remember_names(const Opened& opened);
  void count(const Opened& opened);
  void count_cursor(const mme_sample& sample);
  [[nodiscard]] mme_mongo_counts& counts_of(const mme_sample& sample, uint16_t command);
  void add_piece(const mme_mongo_exchange& exchange, std::string_view piece);
  [[nodiscard]] std::string with_pieces(uint64_t cookie, std::string_view request);
  void remember_client(const mme_mongo_exchange& exchange, const mongo::WireMessage& request);
  void remember_member(uint16_t target, const mongo::WireMessage& reply);
  void count_slow(const Opened& opened, bool was_compressed);
  [[nodiscard]] mongo::SlowCommand describe(const mme_mongo_exchange& exchange, const Opened& opened) const;

  LatencyCount latency_count_;
  uint32_t series_max_;
  SlowConfig slow_;
  std::map<SeriesKey, RawSeries> series_;
  WireNames names_;  // of series_ and slow_counts_, those that came compressed
  uint64_t overflow_ = 0;
  RetiredSeries retired_;
  uint64_t unasked_ = 0;    // replies that belong to nothing that is known
  MongoCountsById counts_;  // of clients
  MongoCountsById replication_counts_;
  std::map<std::array<uint32_t, 5>, uint64_t> errors_;  // by target, command, kind, code, and 1 for replication
  ByConnection<Pieces> pieces_;                         // of long requests
  ByConnection<Unseen> unseen_;                         // as long as it says something
  std::map<uint16_t, RawMongoMember> members_;          // by target
  RecentMap<uint64_t, mme_cursor> cursors_;             // open ones, by id
  ClientDirectory clients_;
  std::map<SeriesKey, uint64_t> slow_counts_;
};

}  // namespace mme

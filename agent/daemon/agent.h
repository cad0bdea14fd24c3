// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "daemon/history.h"
#include "daemon/leg_sampling.h"
#include "daemon/mongo_commands.h"
#include "daemon/mongo_pools.h"
#include "daemon/proxy_overhead.h"
#include "daemon/routes.h"
#include "daemon/slow_commands.h"
#include "daemon/target_registry.h"
#include "discovery/discovery.h"
#include "kernel/observer.h"
#include "metrics/cold_series.h"
#include "metrics/exposition.h"
#include "metrics/ledger.h"
#include "metrics/link_ledger.h"
#include "metrics/unanswered.h"
#include "mongo/server_status.h"
#include "traefik/watch.h"
#include "web/status.h"

namespace mme {

// The agent without its signals and sockets: finds targets, has the kernel observe them, answers questions.
// Thread-safe: one mutex for all, because the Observer has one caller at a time. The text of a scrape is written
// without it.
class Agent {
 public:
  using Clock = std::chrono::steady_clock;

  // Loads the BPF programs. `logger` outlives the agent.
  [[nodiscard]] static Result<std::unique_ptr<Agent>> load(const Config& config, Logger& logger);
  ~Agent();

  // Looks for targets and follows what changed. To be called every quarter of a second.
  void tick(Clock::time_point now);

  // A reload: the targets to look for and to ask, the routes and compat.traefik. Counts and names stay.
  void reconfigure(const Config& config);
  // Whether the last load of the configuration succeeded.
  void set_config_ok(bool ok);

  [[nodiscard]] Result<TextSource> metrics(Subset subset);
  [[nodiscard]] Result<Status> status();
  // Why the agent is not ready, a line each; empty: every target there is, is observed.
  [[nodiscard]] std::vector<std::string> problems();

  [[nodiscard]] uint64_t map_bytes(int possible_cpus) const;
  [[nodiscard]] uint64_t connection_bytes() const;

 private:
  Agent(const Config& config, std::unique_ptr<Observer> observer, Logger& logger);

  using ConfigurationOfTraefik = std::shared_ptr<const traefik::Configuration>;
  void take_names(const std::string& target, const traefik::Names& names, const ConfigurationOfTraefik& configuration);
  void follow_events();
  [[nodiscard]] Result<Snapshot> locked_read();

  // With mutex_ held:
  [[nodiscard]] Result<Snapshot> read();
  void follow(const std::vector<Target>& found, Clock::time_point now);
  void settle(const ResolveContext& before);
  void follow_names(const std::vector<Target>& found);
  [[nodiscard]] ResolveContext context() const;
  void set_routes(const std::string& target);
  void forget_routes(const std::string& target);
  void take_events();
  void learn_names(const mme_series_key& key);
  void sample_mongo_connections(Clock::time_point now);
  void make_room(Clock::time_point now);
  void set_slow(const SlowConfig& slow);
  void join_legs(uint64_t legs);
  void log_changes_of_problems();
  void log_change_of_compat();
  void log_changes_of_server_status();
  [[nodiscard]] bool traefik_families() const;
  [[nodiscard]] std::vector<std::string> current_problems() const;
  [[nodiscard]] std::vector<std::string> current_notes() const;

  Logger& logger_;
  std::mutex mutex_;
  std::unique_ptr<Observer> observer_;
  Discovery discovery_;
  TargetRegistry registry_;
  History history_;
  std::vector<DiscoveryProblem> discovery_problems_;
  std::vector<std::string> logged_problems_;
  std::string read_problem_;  // of the last read of the maps
  Ledger ledger_;
  ColdSeries cold_series_;
  Routes routes_;
  LegSampling leg_sampling_;
  ProxyOverhead overhead_;
  MongoCommands mongo_commands_;
  MongoPools mongo_pools_;
  std::shared_ptr<const WireNames> wire_names_ = std::make_shared<WireNames>();  // of the last read, and later ones
  LegSampling::Phase leg_phase_ = LegSampling::Phase::pause;
  uint64_t legs_lost_ = 0;
  FirstBytes first_bytes_;
  LinkLedger link_ledger_;
  Unanswered unanswered_;
  std::vector<traefik::OperatorRoute> operator_routes_;
  std::map<std::string, ConfigurationOfTraefik> configurations_;   // of Traefik, by target
  std::map<std::string, std::string> route_problems_;              // by target
  std::vector<traefik::GivenNames> given_names_;                   // by Target::rule
  std::map<std::string, std::vector<std::string>> name_problems_;  // by target
  mongo::ServerStatus server_status_;
  std::vector<std::string> asked_names_;         // by Target::rule
  std::set<std::string> logged_without_answer_;  // names of mongods that are asked
  CompatTraefik compat_traefik_;
  bool logged_traefik_families_ = true;
  bool config_ok_ = true;
  const Clock::time_point started_at_;
  std::atomic<bool> stopping_ = false;
  SlowCommands slow_commands_;
  std::thread events_;               // follow_events()
  traefik::NamesWatch names_watch_;  // calls take_names(): ends first
};

}  // namespace mme

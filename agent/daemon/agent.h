// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "daemon/history.h"
#include "daemon/routes.h"
#include "daemon/target_registry.h"
#include "discovery/discovery.h"
#include "kernel/observer.h"
#include "metrics/exposition.h"
#include "metrics/ledger.h"
#include "metrics/link_ledger.h"
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

  // A reload: the targets to look for, the routes and compat.traefik. Counts and names stay.
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

  // With mutex_ held:
  [[nodiscard]] Result<Snapshot> read();
  void follow(const std::vector<Target>& found, Clock::time_point now);
  void settle(const ResolveContext& before);
  void follow_names(const std::vector<Target>& found);
  [[nodiscard]] ResolveContext context() const;
  void set_routes(const std::string& target);
  void forget_routes(const std::string& target);
  void take_events();
  void log_changes_of_problems();
  void log_change_of_compat();
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
  Routes routes_;
  FirstBytes first_bytes_;
  LinkLedger link_ledger_;
  std::vector<traefik::OperatorRoute> operator_routes_;
  std::map<std::string, ConfigurationOfTraefik> configurations_;   // of Traefik, by target
  std::map<std::string, std::string> route_problems_;              // by target
  std::vector<traefik::GivenNames> given_names_;                   // by Target::rule
  std::map<std::string, std::vector<std::string>> name_problems_;  // by target
  CompatTraefik compat_traefik_;
  bool logged_traefik_families_ = true;
  bool config_ok_ = true;
  const Clock::time_point started_at_;
  std::atomic<bool> stopping_ = false;
  std::thread events_;               // follow_events()
  traefik::NamesWatch names_watch_;  // calls take_names(): ends first
};

}  // namespace mme

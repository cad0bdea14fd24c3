// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/compat.h"
#include "discovery/target.h"
#include "metrics/resolve.h"
#include "metrics/snapshot.h"

namespace mme {

// Every target there ever was, by Target::name: its number in series keys, and how it is. Pure bookkeeping, time is an
// argument; the caller acts on the kernel and reports what came of it.
class TargetRegistry {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kRetry{5};

  // What is to be done so that the kernel observes `found`: a target is to be observed when it is new or changed, or
  // when observing it failed kRetry ago; it is to be forgotten when it is there no more. In this order: one whose
  // cgroup another name takes over in the same step keeps its hooks until then, or packets in between would be lost.
  struct Plan {
    std::vector<Target> forget;
    std::vector<Target> observe;
    std::vector<Target> succeeded;  // to be forgotten last
  };
  [[nodiscard]] Plan plan(const std::vector<Target>& found, Clock::time_point now);

  // The rules have changed: what the next plan() forgets was not asked for any more, and is shown no longer.
  void reconfigured() { reconfigured_ = true; }

  // The number of a name: the same as long as the registry lives, never given to another. An error after 65,535 names.
  [[nodiscard]] Result<uint16_t> id(const std::string& name);
  // The other way; empty: it is nobody's.
  [[nodiscard]] std::string name_of(uint16_t id) const;

  // What came of Observer::observe; `problem` is empty when it worked.
  void observed(const Target& target, const std::string& problem, Clock::time_point now);

  // Those that are there, and those that vanished: each for kVanishedShown, the last one of its kind for ever.
  static constexpr std::chrono::minutes kVanishedShown{10};
  [[nodiscard]] std::vector<TargetState> states(Clock::time_point now) const;

  // "traefik: attach …: EPERM (…)", of the targets that are there and not observed.
  [[nodiscard]] std::vector<std::string> problems() const;
  [[nodiscard]] bool any_present() const;
  [[nodiscard]] bool is_present(const std::string& name) const;

  // What Traefik's own configuration says of a target: labels of its ports, whose its upstream servers are, and where
  // it serves metrics. A label from the agent's configuration has precedence.
  struct Learnt {
    std::map<uint16_t, std::string> entrypoints;
    ServerNames servers;
    std::vector<LearntName> names;
    std::vector<ServerUp> servers_up;
    std::optional<traefik::OwnMetrics> own_metrics = {};
  };
  void learnt(const std::string& name, Learnt learnt);

  // Of each port that the target ever had the name that it has in Traefik; empty: it is not known.
  [[nodiscard]] std::map<uint16_t, std::string> learnt_entrypoints(const std::string& name) const;

  [[nodiscard]] ResolveContext context() const;

  // Of the targets that are there, ascending.
  [[nodiscard]] std::vector<ServerUp> servers_up() const;

  // Of the Traefiks that are there and serve metrics of their own.
  [[nodiscard]] std::vector<TargetMetrics> own_metrics() const;

 private:
  struct Entry {
    uint16_t id = 0;
    Target target;
    bool present = false;
    bool observed = false;
    std::string problem;
    Clock::time_point tried_at{};
    Clock::time_point vanished_at{};
    bool withdrawn = false;                       // by the configuration
    std::map<uint16_t, std::string> entrypoints;  // of all listeners it ever had; empty: it has no name
    Learnt learnt;
    std::shared_ptr<const ServerNames> servers = std::make_shared<ServerNames>();  // of learnt, for every context()
  };
  std::map<std::string, Entry> entries_;
  bool reconfigured_ = false;
  uint32_t next_id_ = 1;  // 0 is what an empty series key has
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "discovery/listen_sockets.h"
#include "discovery/rules.h"
#include "discovery/target.h"

namespace mme {

// Something about a rule or a target that an operator should know.
struct DiscoveryProblem {
  enum class Severity : uint8_t {
    note,     // observed, with a remark: "its listening socket belongs to another cgroup than the process"
    warning,  // not (yet) observed in full: no listening port yet, a configured process is not there
    error,    // cannot be observed: permission, no cgroup v2
  };
  Severity severity = Severity::warning;
  std::string subject;  // Target::name where there is one, else the rule: "traefik", "pid 123", "cgroup /a"
  std::string message;  // what, on which object, errno and the mend

  auto operator<=>(const DiscoveryProblem&) const = default;
};

struct DiscoveryScan {
  std::vector<Target> targets;  // ascending by name; names are unique
  std::vector<DiscoveryProblem> problems;
};

struct DiscoverySettings {
  std::vector<TargetRule> rules = default_rules();
  std::string proc_root = "/proc";
  // Where listening sockets and their cgroups come from; empty, or where it gives nothing: PROC_ROOT/PID/net/tcp[6],
  // which costs a walk over the kernel's table of established connections (2 ms on a host of 24 GB) and names no
  // cgroups.
  ListenSocketSource listen_sockets = netlink_listen_sockets();
};

// Finds the processes that the rules name, with their listening ports and cgroup. Reads /proc and cgroupfs only and
// never blocks on another process. Not thread-safe: one owner calls it.
//
// Names. A target is called as its rule, else as its process. Where another live target has that name already, the
// cgroup is added, "traefik@/system.slice/b.service" (container ids cut to 12 digits, a pod by its id alone), and where
// that is not unique either, the lowest port: "mongod@/:27018". A name is kept while the process lives and is given
// again to the next process in the same place, so restarts keep it; a re-created container is a new place and takes
// over the plain name when its predecessor is gone.
class Discovery {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Discovery(DiscoverySettings settings = {});
  ~Discovery();
  Discovery(Discovery&&) noexcept;
  Discovery& operator=(Discovery&&) noexcept;

  // What runs now. To be called every 250–500 ms: O(processes) for a directory listing, and a few reads for each young
  // process and each target. A target is reported from its exec on, with no listeners until it listens.
  [[nodiscard]] DiscoveryScan scan(Clock::time_point now);

  // After a reload of the configuration: from the next scan on. Names already given are kept where rules still match.
  void set_rules(std::vector<TargetRule> rules);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "discovery/cgroup_tree.h"
#include "discovery/listener_tracker.h"
#include "discovery/proc_reader.h"

namespace mme {

// The listening sockets of each network namespace, asked once a scan.
class NamespaceSockets {
 public:
  NamespaceSockets(const ProcReader& proc, const ListenSocketSource& source) : proc_(proc), source_(source) {}

  // Whether asking is cheap: the source answers for this process. Otherwise /proc is read.
  [[nodiscard]] bool cheap(pid_t pid);
  [[nodiscard]] const std::vector<ListenSocket>& of(pid_t pid);

 private:
  struct Entry {
    std::vector<ListenSocket> sockets;
    bool cheap = false;
    bool complete = false;
  };
  Entry& ask(pid_t pid);

  const ProcReader& proc_;
  const ListenSocketSource& source_;
  std::map<std::string, Entry> entries_;  // "net:[INODE]"
};

// What is known of a process that a rule has matched, renewed as often as is worth while: in each scan while it is
// young, changes or does not listen yet; twice a second later.
class TrackedProcess {
 public:
  using Clock = std::chrono::steady_clock;

  TrackedProcess(pid_t pid, uint64_t start_ticks, size_t rule, std::string exe, Clock::time_point now);

  // Whether the process still runs the same executable.
  [[nodiscard]] bool runs_same(const ProcReader& proc) const;

  void renew(const ProcReader& proc, const CgroupTree* cgroups, NamespaceSockets& sockets, Clock::time_point now);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] uint64_t start_ticks() const { return start_ticks_; }
  [[nodiscard]] size_t rule() const { return rule_; }
  [[nodiscard]] const std::string& cgroup() const { return cgroup_; }  // empty: not known
  [[nodiscard]] const std::vector<ListenSocket>& sockets() const { return listeners_.owned(); }
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

 private:
  bool is_due(Clock::time_point now) const;
  void renew_cgroup(const ProcReader& proc, const CgroupTree* cgroups);
  void renew_listeners(const ProcReader& proc, const CgroupTree* cgroups, NamespaceSockets& sockets,
                       Clock::time_point now);
  [[nodiscard]] std::vector<ListenSocket> sockets_of_cgroup(const CgroupTree* cgroups, NamespaceSockets& sockets) const;

  pid_t pid_;
  uint64_t start_ticks_;
  size_t rule_;
  std::string exe_;
  std::string cgroup_;
  ListenerTracker listeners_;
  std::vector<std::string> errors_;
  Clock::time_point changed_;
  std::optional<Clock::time_point> renewed_;
  std::optional<Clock::time_point> asked_;  // for the sockets of its namespace
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "discovery/proc_reader.h"

namespace mme {

struct Process {
  uint64_t inode = 0;  // of /proc/PID
  pid_t pid = 0;
  pid_t ppid = 0;
  uint64_t start_ticks = 0;
  std::string comm;
  bool ignored = false;                        // a kernel thread, or dead and not yet waited for
  std::chrono::steady_clock::time_point seen;  // first
};

// All processes of the PID namespace, kept cheaply: a listing finds the new and the gone; exec, which changes the name,
// is looked for in each pass in young processes (< 10 s) and launchers, and in turns in the others.
class ProcessTable {
 public:
  using Clock = std::chrono::steady_clock;

  // Which processes are new or have another comm, ascending by pid; with `unchanged` those too that were looked at and
  // have not. errno of the listing on failure.
  [[nodiscard]] tl::expected<std::vector<pid_t>, int> refresh(const ProcReader& proc, Clock::time_point now,
                                                              bool unchanged);

  // Looks at one again at once: whether it has died, or runs something else.
  void look_again(const ProcReader& proc, pid_t pid);

  [[nodiscard]] const Process* find(pid_t pid) const;
  [[nodiscard]] std::set<pid_t> all() const;
  [[nodiscard]] size_t size() const { return processes_.size(); }

  // Whether `pid` is `ancestor` or descends from it.
  [[nodiscard]] bool descends(pid_t pid, pid_t ancestor) const;

 private:
  [[nodiscard]] tl::expected<void, int> list(const ProcReader& proc, Clock::time_point now);
  bool follow(const ProcReader& proc, Clock::time_point now);
  void add(const ProcReader& proc, ProcEntry entry, Clock::time_point now);
  bool rename(const ProcReader& proc, Process& process) const;
  bool is_due(const Process& process, Clock::time_point now) const;

  std::unordered_map<pid_t, Process> processes_;
  std::set<pid_t> new_;                      // of this pass
  std::optional<Clock::time_point> listed_;  // nothing: what is there at the first listing is not young
  std::optional<pid_t> last_pid_;            // at the last pass; nothing: not told
  size_t turn_ = 0;                          // whose turn it is among the old ones
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <tl/expected.hpp>
#include <vector>

#include "discovery/listen_sockets.h"
#include "discovery/proc_reader.h"

namespace mme {

// The listening sockets of one process. Which of its namespace's sockets are its own is seen in /proc/PID/fd; that
// walk, long in a process of many connections, is made only when an unknown socket listens.
class ListenerTracker {
 public:
  using Clock = std::chrono::steady_clock;

  // With the listening sockets of the process' namespace as they are now: what it holds of them. errno where
  // /proc/PID/fd cannot be read.
  [[nodiscard]] tl::expected<void, int> update(const ProcReader& proc, pid_t pid,
                                               const std::vector<ListenSocket>& in_namespace, Clock::time_point now);

  // Where /proc/PID/fd may not be read: takes these for its own.
  void assume(std::vector<ListenSocket> sockets);

  // Without that list: forgets what the process has closed.
  void drop_closed(const ProcReader& proc, pid_t pid);

  // Ascending by address and port.
  [[nodiscard]] const std::vector<ListenSocket>& owned() const { return owned_; }

 private:
  std::vector<ListenSocket> owned_;
  std::map<uint64_t, int> fds_;    // inode -> fd, of those owned
  std::set<uint64_t> foreign_;     // inodes that were not its own at the last walk
  Clock::time_point next_walk_{};  // a socket may be passed on later (SCM_RIGHTS): from then on all are looked at again
};

}  // namespace mme

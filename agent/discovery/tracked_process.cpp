// SPDX-License-Identifier: Apache-2.0
#include "discovery/tracked_process.h"

#include <unistd.h>

#include <cerrno>

#include "discovery/proc_parse.h"

namespace mme {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto settled_after = seconds(10);
constexpr auto renewed_every = milliseconds(450);  // below half a second, the scans' own period
constexpr auto costly_every = seconds(5);          // /proc/PID/net/tcp, once settled
constexpr auto costly_silent_every = seconds(1);   // and while it does not listen for long

bool gone(int error_number) {
  return error_number == ENOENT || error_number == ESRCH;
}

constexpr const char* rights =
    "needs CAP_SYS_PTRACE, and CAP_DAC_READ_SEARCH for another user's process; with `ports` configured it is observed "
    "all "
    "the same";

}  // namespace

NamespaceSockets::Entry& NamespaceSockets::ask(pid_t pid) {
  // Where the namespace cannot be read the process has an entry of its own.
  const std::string key = proc_.link(pid, "ns/net").value_or(std::to_string(pid));
  const auto [at, added] = entries_.try_emplace(key);
  if (added && source_) {
    if (auto sockets = source_(pid)) at->second = {std::move(*sockets), true, true};
  }
  return at->second;
}

bool NamespaceSockets::cheap(pid_t pid) {
  return ask(pid).cheap;
}

const std::vector<ListenSocket>& NamespaceSockets::of(pid_t pid) {
  Entry& entry = ask(pid);
  if (!entry.complete) {
    for (const char* file : {"net/tcp", "net/tcp6"}) {
      const auto text = proc_.read(pid, file);
      if (!text) continue;
      auto sockets = parse_proc_net_tcp(*text);
      entry.sockets.insert(entry.sockets.end(), sockets.begin(), sockets.end());
    }
    entry.complete = true;
  }
  return entry.sockets;
}

TrackedProcess::TrackedProcess(pid_t pid, uint64_t start_ticks, size_t rule, std::string exe, Clock::time_point now)
    : pid_(pid), start_ticks_(start_ticks), rule_(rule), exe_(std::move(exe)), changed_(now) {}

bool TrackedProcess::runs_same(const ProcReader& proc) const {
  const auto exe = proc.link(pid_, "exe");
  if (!exe) return !gone(exe.error());  // a zombie has none either
  return base_name(*exe) == base_name(exe_);
}

bool TrackedProcess::is_due(Clock::time_point now) const {
  return !renewed_ || now - *renewed_ >= renewed_every || now - changed_ < settled_after || sockets().empty();
}

void TrackedProcess::renew_cgroup(const ProcReader& proc, const CgroupTree* cgroups) {
  if (cgroups == nullptr) return;  // reported once for all
  const auto text = proc.read(pid_, "cgroup");
  if (!text) {
    if (!gone(text.error())) {
      errors_.push_back(
          fail_errno("read " + proc.root() + "/" + std::to_string(pid_) + "/cgroup", text.error()).value().message);
    }
    return;
  }
  const auto own = parse_proc_cgroup(*text);
  if (!own) {
    errors_.emplace_back("process " + std::to_string(pid_) + " is in no cgroup v2");
    return;
  }
  auto path = cgroups->resolve(*own);
  if (path) {
    cgroup_ = std::move(*path);
  } else {
    cgroup_.clear();
    errors_.push_back(path.error().message);
  }
}

// What listens in the agent's own network namespace and was created in the process' cgroup, if that is not everybody's.
std::vector<ListenSocket> TrackedProcess::sockets_of_cgroup(const CgroupTree* cgroups,
                                                            NamespaceSockets& sockets) const {
  if (cgroups == nullptr || cgroup_.empty() || cgroup_ == "/") return {};
  const auto id = cgroups->id(cgroup_);
  std::vector<ListenSocket> found;
  for (const auto& socket : sockets.of(::getpid())) {
    if (id && socket.cgroup_id == *id) found.push_back(socket);
  }
  return found;
}

void TrackedProcess::renew_listeners(const ProcReader& proc, const CgroupTree* cgroups, NamespaceSockets& sockets,
                                     Clock::time_point now) {
  const auto pause = this->sockets().empty() ? costly_silent_every : costly_every;
  if (now - changed_ >= settled_after && asked_ && now - *asked_ < pause && !sockets.cheap(pid_)) {
    listeners_.drop_closed(proc, pid_);
    return;
  }
  asked_ = now;
  const auto updated = listeners_.update(proc, pid_, sockets.of(pid_), now);
  if (updated || gone(updated.error())) return;
  listeners_.assume(sockets_of_cgroup(cgroups, sockets));
  if (!listeners_.owned().empty()) return;
  errors_.push_back(
      fail_errno("read " + proc.root() + "/" + std::to_string(pid_) + "/fd", updated.error(), rights).value().message);
}

void TrackedProcess::renew(const ProcReader& proc, const CgroupTree* cgroups, NamespaceSockets& sockets,
                           Clock::time_point now) {
  if (!is_due(now)) return;
  errors_.clear();
  const std::string cgroup_before = cgroup_;
  const auto sockets_before = listeners_.owned();
  renew_cgroup(proc, cgroups);
  renew_listeners(proc, cgroups, sockets, now);
  if (cgroup_ != cgroup_before || listeners_.owned() != sockets_before) changed_ = now;
  renewed_ = now;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/process_table.h"

#include <algorithm>
#include <utility>

#include "discovery/match.h"
#include "discovery/proc_parse.h"

namespace mme {
namespace {

using std::chrono::seconds;

constexpr auto young_for = seconds(10);
constexpr auto listed_every = seconds(2);
constexpr size_t turns = 32;        // an old process is looked at in every 32nd pass
constexpr pid_t followed_max = 16;  // beyond that a listing is cheaper

// The last process id given out, where /proc is that of the agent's own PID namespace, of which /proc/loadavg speaks.
std::optional<pid_t> last_pid(const ProcReader& proc) {
  if (!proc.of_own_namespace()) return std::nullopt;
  return parse_last_pid(proc.read("loadavg").value_or(""));
}

}  // namespace

void ProcessTable::add(const ProcReader& proc, ProcEntry entry, Clock::time_point now) {
  const auto text = proc.read(entry.pid, "stat");
  const auto stat = text ? parse_stat(*text) : std::nullopt;
  if (!stat) {
    processes_.erase(entry.pid);
    return;
  }
  processes_[entry.pid] = {.inode = entry.inode,
                           .pid = entry.pid,
                           .ppid = stat->ppid,
                           .start_ticks = stat->start_ticks,
                           .comm = stat->comm,
                           .ignored = stat->kernel_thread() || stat->dead(),
                           .seen = listed_ ? now : now - young_for};
  new_.insert(entry.pid);
}

// exec gives a process another comm; whether it has.
bool ProcessTable::rename(const ProcReader& proc, Process& process) const {
  auto comm = proc.read(process.pid, "comm");
  if (!comm) return false;
  if (comm->ends_with('\n')) comm->pop_back();
  return std::exchange(process.comm, *comm) != *comm;
}

bool ProcessTable::is_due(const Process& process, Clock::time_point now) const {
  if (process.ignored || new_.contains(process.pid)) return false;
  return now - process.seen < young_for || static_cast<size_t>(process.pid) % turns == turn_ ||
         is_launcher(process.comm);
}

tl::expected<void, int> ProcessTable::list(const ProcReader& proc, Clock::time_point now) {
  last_pid_ = last_pid(proc);  // before the listing: whoever comes in between is seen twice, not never
  const auto entries = proc.list();
  if (!entries) return tl::make_unexpected(entries.error());
  std::unordered_map<pid_t, Process> gone;
  gone.swap(processes_);
  for (const ProcEntry entry : *entries) {
    const auto at = gone.find(entry.pid);
    if (at != gone.end() && at->second.inode == entry.inode) {
      processes_.insert(gone.extract(at));
    } else {
      add(proc, entry, now);
    }
  }
  listed_ = now;
  return {};
}

// Looks at the process ids given out since the last pass. Whether that was possible.
bool ProcessTable::follow(const ProcReader& proc, Clock::time_point now) {
  if (!listed_ || now - *listed_ >= listed_every || !last_pid_) return false;
  const auto last = last_pid(proc);
  if (!last || *last < *last_pid_ || *last - *last_pid_ > followed_max) return false;
  for (pid_t pid = *last_pid_ + 1; pid <= *last; ++pid) {
    // Threads have ids too, and directories that a listing leaves out.
    if (parse_status_field(proc.read(pid, "status").value_or(""), "Tgid", 10) != static_cast<uint64_t>(pid)) continue;
    if (const auto inode = proc.inode(pid)) add(proc, {pid, *inode}, now);
  }
  last_pid_ = last;
  return true;
}

tl::expected<std::vector<pid_t>, int> ProcessTable::refresh(const ProcReader& proc, Clock::time_point now,
                                                            bool unchanged) {
  new_.clear();
  if (!follow(proc, now)) {
    if (const auto listed = list(proc, now); !listed) return tl::make_unexpected(listed.error());
  }
  std::vector<pid_t> changed(new_.begin(), new_.end());
  for (auto& [pid, process] : processes_) {
    if (is_due(process, now) && (rename(proc, process) || unchanged)) changed.push_back(pid);
  }
  std::sort(changed.begin(), changed.end());
  turn_ = (turn_ + 1) % turns;
  return changed;
}

void ProcessTable::look_again(const ProcReader& proc, pid_t pid) {
  const auto at = processes_.find(pid);
  if (at == processes_.end()) return;
  const auto text = proc.read(pid, "stat");
  const auto stat = text ? parse_stat(*text) : std::nullopt;
  at->second.ignored = !stat || stat->dead();
  if (stat) at->second.comm = stat->comm;
}

const Process* ProcessTable::find(pid_t pid) const {
  const auto at = processes_.find(pid);
  return at == processes_.end() ? nullptr : &at->second;
}

std::set<pid_t> ProcessTable::all() const {
  std::set<pid_t> pids;
  for (const auto& [pid, process] : processes_) pids.insert(pid);
  return pids;
}

bool ProcessTable::descends(pid_t pid, pid_t ancestor) const {
  for (size_t depth = 0; depth < processes_.size() && pid > 0; ++depth) {
    if (pid == ancestor) return true;
    const Process* process = find(pid);
    if (process == nullptr) return false;
    pid = process->ppid;
  }
  return false;
}

}  // namespace mme

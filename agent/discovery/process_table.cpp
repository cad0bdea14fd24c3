// SPDX-License-Identifier: Apache-2.0
#include "discovery/process_table.h"

#include <algorithm>
#include <utility>

#include "discovery/match.h"
#include "discovery/proc_parse.h"

namespace mme {
namespace {

constexpr auto young_for = std::chrono::seconds(10);
constexpr size_t turns = 32;  // an old process is looked at in every 32nd pass

}  // namespace

bool ProcessTable::add(const ProcReader& proc, ProcEntry entry, Clock::time_point now) {
  const auto text = proc.read(entry.pid, "stat");
  const auto stat = text ? parse_stat(*text) : std::nullopt;
  if (!stat) {
    processes_.erase(entry.pid);
    return false;
  }
  Process& process = processes_[entry.pid];
  process = {.inode = entry.inode,
             .pid = entry.pid,
             .ppid = stat->ppid,
             .start_ticks = stat->start_ticks,
             .comm = stat->comm,
             .ignored = stat->kernel_thread() || stat->dead(),
             .seen = first_ ? now - young_for : now};
  return !process.ignored;
}

// exec gives a process another comm; whether it has.
bool ProcessTable::rename(const ProcReader& proc, Process& process) const {
  auto comm = proc.read(process.pid, "comm");
  if (!comm) return false;
  if (comm->ends_with('\n')) comm->pop_back();
  return std::exchange(process.comm, *comm) != *comm;
}

bool ProcessTable::is_due(const Process& process, Clock::time_point now, size_t index) const {
  if (process.ignored) return false;
  return now - process.seen < young_for || index % turns == turn_ || is_launcher(process.comm);
}

tl::expected<std::vector<pid_t>, int> ProcessTable::refresh(const ProcReader& proc, Clock::time_point now,
                                                            bool unchanged) {
  auto entries = proc.list();
  if (!entries) return tl::make_unexpected(entries.error());
  std::vector<pid_t> looked_at;
  size_t known = 0;
  for (const ProcEntry entry : *entries) {
    const auto at = processes_.find(entry.pid);
    if (at == processes_.end() || at->second.inode != entry.inode) {
      if (add(proc, entry, now)) looked_at.push_back(entry.pid);
    } else if (is_due(at->second, now, static_cast<size_t>(entry.pid))) {
      if (rename(proc, at->second) || unchanged) looked_at.push_back(entry.pid);
    }
    if (processes_.contains(entry.pid)) ++known;
  }
  if (known != processes_.size()) {
    std::sort(entries->begin(), entries->end(), [](ProcEntry a, ProcEntry b) { return a.pid < b.pid; });
    std::erase_if(processes_, [&](const auto& process) {
      return !std::binary_search(entries->begin(), entries->end(), ProcEntry{process.first, 0},
                                 [](ProcEntry a, ProcEntry b) { return a.pid < b.pid; });
    });
  }
  std::sort(looked_at.begin(), looked_at.end());
  turn_ = (turn_ + 1) % turns;
  first_ = false;
  return looked_at;
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

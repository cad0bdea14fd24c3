// SPDX-License-Identifier: Apache-2.0
#include "discovery/discovery.h"

#include <algorithm>
#include <set>

#include "discovery/cgroup_lookup.h"
#include "discovery/cgroup_tree.h"
#include "discovery/family.h"
#include "discovery/match.h"
#include "discovery/naming.h"
#include "discovery/proc_parse.h"
#include "discovery/process_table.h"
#include "discovery/socket_cgroup.h"
#include "discovery/tracked_process.h"

namespace mme {
namespace {

using Severity = DiscoveryProblem::Severity;

// A rule that someone wrote, whose absence is worth a word.
bool is_explicit(const TargetRule& rule) {
  return rule.pid != 0 || !rule.cgroup.empty() || !rule.process.empty() || !rule.name.empty() || !rule.ports.empty();
}

std::vector<Listener> listeners_of(const TargetRule& rule, const std::vector<ListenSocket>& sockets) {
  const auto name = [&](uint16_t port) {
    const auto at = rule.entrypoints.find(port);
    return at == rule.entrypoints.end() ? std::string() : at->second;
  };
  std::vector<Listener> listeners;
  std::set<uint16_t> missing(rule.ports.begin(), rule.ports.end());
  for (const auto& socket : sockets) {
    if (!rule.ports.empty() && std::find(rule.ports.begin(), rule.ports.end(), socket.port) == rule.ports.end())
      continue;
    listeners.push_back({socket.address, socket.port, name(socket.port)});
    missing.erase(socket.port);
  }
  for (const uint16_t port : missing) listeners.push_back({"::", port, name(port)});
  std::sort(listeners.begin(), listeners.end());
  listeners.erase(std::unique(listeners.begin(), listeners.end()), listeners.end());
  return listeners;
}

uint16_t lowest_port(const std::vector<Listener>& listeners) {
  uint16_t lowest = 0;
  for (const auto& listener : listeners) lowest = lowest == 0 ? listener.port : std::min(lowest, listener.port);
  return lowest;
}

}  // namespace

struct Discovery::Impl {
  explicit Impl(DiscoverySettings given) : settings(std::move(given)), proc(settings.proc_root) {}

  DiscoverySettings settings;
  ProcReader proc;
  ProcessTable table;
  std::optional<CgroupTree> cgroups;
  CgroupLookup lookup;
  std::map<pid_t, TrackedProcess> tracked;
  std::set<pid_t> undecided;  // have a target's name, but run something else as yet
  NameBook names;
  bool rules_changed = false;
  std::vector<DiscoveryProblem> problems;

  void open_cgroups();
  void find_processes(Clock::time_point now);
  void decide(pid_t pid, Clock::time_point now);
  [[nodiscard]] ProcessImage image_of(const Process& process) const;
  void renew(Clock::time_point now);
  [[nodiscard]] std::vector<Candidate> candidates() const;
  [[nodiscard]] Target describe_target(const Candidate& candidate, ObservedCgroup& observed);
  void report(const Target& target, const Candidate& candidate, const ObservedCgroup& observed);
  void report_missing(const std::vector<Candidate>& found);
  [[nodiscard]] std::vector<Target> targets();
};

void Discovery::Impl::open_cgroups() {
  if (cgroups) return;
  if (auto opened = CgroupTree::open(settings.proc_root)) {
    cgroups.emplace(std::move(*opened));
  } else {
    problems.push_back({Severity::error, "cgroup v2", opened.error().message});
  }
}

ProcessImage Discovery::Impl::image_of(const Process& process) const {
  ProcessImage image{.pid = process.pid, .comm = process.comm, .exe = {}, .argv = {}, .cgroup = {}};
  image.exe = proc.link(process.pid, "exe").value_or("");
  image.argv = parse_cmdline(proc.read(process.pid, "cmdline").value_or(""), 16);
  const auto by_cgroup = [](const TargetRule& rule) { return !rule.cgroup.empty(); };
  if (cgroups && std::any_of(settings.rules.begin(), settings.rules.end(), by_cgroup)) {
    const auto own = parse_proc_cgroup(proc.read(process.pid, "cgroup").value_or(""));
    if (own) image.cgroup = cgroups->resolve(*own).value_or("");
  }
  return image;
}

void Discovery::Impl::decide(pid_t pid, Clock::time_point now) {
  undecided.erase(pid);
  const Process* process = table.find(pid);
  if (process == nullptr || process->ignored) {
    tracked.erase(pid);
    return;
  }
  const ProcessImage image = image_of(*process);
  for (size_t i = 0; i < settings.rules.size(); ++i) {
    const Match result = match(settings.rules[i], image);
    if (result == Match::no) continue;
    if (result == Match::not_yet) {
      undecided.insert(pid);
      break;
    }
    const auto known = tracked.find(pid);
    if (known != tracked.end() && known->second.rule() == i && known->second.start_ticks() == process->start_ticks)
      return;
    tracked.insert_or_assign(pid, TrackedProcess(pid, process->start_ticks, i, image.exe, now));
    return;
  }
  tracked.erase(pid);
}

void Discovery::Impl::find_processes(Clock::time_point now) {
  const auto by_cgroup = [](const TargetRule& rule) { return !rule.cgroup.empty(); };
  const bool all = std::any_of(settings.rules.begin(), settings.rules.end(), by_cgroup);
  auto due = table.refresh(proc, now, all);
  if (!due) {
    problems.push_back(
        {Severity::error, settings.proc_root, fail_errno("list " + settings.proc_root, due.error()).value().message});
    return;
  }
  std::set<pid_t> pids(due->begin(), due->end());
  if (std::exchange(rules_changed, false)) pids.merge(table.all());
  pids.insert(undecided.begin(), undecided.end());
  for (const auto& [pid, process] : tracked) {
    if (table.find(pid) != nullptr && process.runs_same(proc)) continue;
    table.look_again(proc, pid);
    pids.insert(pid);
  }
  for (const pid_t pid : pids) decide(pid, now);
}

void Discovery::Impl::renew(Clock::time_point now) {
  NamespaceSockets sockets(proc, settings.listen_sockets);
  for (auto& [pid, process] : tracked) {
    process.renew(proc, cgroups ? &*cgroups : nullptr, sockets, now);
  }
}

std::vector<Candidate> Discovery::Impl::candidates() const {
  std::vector<Candidate> all;
  for (const auto& [pid, process] : tracked) {
    all.push_back({pid, process.start_ticks(), process.rule(), process.sockets()});
  }
  return one_per_server(std::move(all), [this](pid_t pid, pid_t ancestor) { return table.descends(pid, ancestor); });
}

// Everything but the name.
Target Discovery::Impl::describe_target(const Candidate& candidate, ObservedCgroup& observed) {
  const TargetRule& rule = settings.rules[candidate.rule];
  const std::string& own = tracked.at(candidate.pid).cgroup();
  Target target;
  target.rule = candidate.rule;
  target.kind = rule.kind;
  target.pid = candidate.pid;
  target.start_ticks = candidate.start_ticks;
  target.listeners = listeners_of(rule, candidate.sockets);
  target.only_given_ports = !rule.ports.empty();
  if (!cgroups || own.empty()) return target;
  std::vector<std::optional<std::string>> of_listeners;
  for (const auto& socket : candidate.sockets) {
    if (socket.cgroup_id != 0) of_listeners.push_back(lookup.path(*cgroups, socket.cgroup_id, own));
  }
  observed = observed_cgroup(rule.kind, own, of_listeners);
  target.cgroup = observed.path;
  target.cgroup_id = cgroups->id(target.cgroup).value_or(0);
  const auto members = target.cgroup == "/" ? std::vector<pid_t>{} : cgroups->members(target.cgroup, 256);
  target.exclusive = !members.empty() && std::all_of(members.begin(), members.end(), [&](pid_t member) {
    return table.descends(member, target.pid) || table.descends(target.pid, member);
  });
  return target;
}

void Discovery::Impl::report(const Target& target, const Candidate& candidate, const ObservedCgroup& observed) {
  const TrackedProcess& process = tracked.at(candidate.pid);
  const std::string& subject = target.name.empty() ? describe(settings.rules[candidate.rule]) : target.name;
  for (const auto& error : process.errors()) problems.push_back({Severity::error, subject, error});
  if (!observed.note.empty()) problems.push_back({Severity::note, subject, observed.note});
  if (candidate.sockets.empty() && process.errors().empty()) {
    problems.push_back(
        {Severity::warning, subject, "process " + std::to_string(target.pid) + " does not listen on a TCP port yet"});
  }
  const auto& ports = settings.rules[candidate.rule].ports;
  for (const uint16_t port : candidate.sockets.empty() ? std::vector<uint16_t>{} : ports) {
    const auto listens = [port](const ListenSocket& socket) { return socket.port == port; };
    if (std::any_of(candidate.sockets.begin(), candidate.sockets.end(), listens)) continue;
    problems.push_back(
        {Severity::warning, subject,
         "process " + std::to_string(target.pid) + " does not listen on configured port " + std::to_string(port)});
  }
}

void Discovery::Impl::report_missing(const std::vector<Candidate>& found) {
  for (size_t i = 0; i < settings.rules.size(); ++i) {
    const TargetRule& rule = settings.rules[i];
    const auto of_rule = [i](const Candidate& candidate) { return candidate.rule == i; };
    if (!is_explicit(rule) || std::any_of(found.begin(), found.end(), of_rule)) continue;
    problems.push_back(
        {Severity::warning, rule.name.empty() ? describe(rule) : rule.name,
         "no such process: " + describe(rule) + " (start it, or correct `targets` in the configuration)"});
  }
}

std::vector<Target> Discovery::Impl::targets() {
  const auto found = candidates();
  std::vector<Target> all;
  std::vector<ObservedCgroup> observed(found.size());
  std::vector<NameClaim> claims;
  for (size_t i = 0; i < found.size(); ++i) {
    const TargetRule& rule = settings.rules[found[i].rule];
    all.push_back(describe_target(found[i], observed[i]));
    const std::string process = wanted_process(rule).empty() ? kind_name(rule.kind) : wanted_process(rule);
    claims.push_back({found[i].pid, found[i].start_ticks, rule.name.empty() ? process : rule.name,
                      place_of(tracked.at(found[i].pid).cgroup()), lowest_port(all.back().listeners)});
  }
  const auto given = names.assign(claims);
  for (size_t i = 0; i < found.size(); ++i) {
    all[i].name = given[i];
    report(all[i], found[i], observed[i]);
  }
  report_missing(found);
  std::erase_if(all, [](const Target& target) { return target.name.empty(); });
  std::sort(all.begin(), all.end(), [](const Target& a, const Target& b) { return a.name < b.name; });
  return all;
}

Discovery::Discovery(DiscoverySettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Discovery::~Discovery() = default;
Discovery::Discovery(Discovery&&) noexcept = default;
Discovery& Discovery::operator=(Discovery&&) noexcept = default;

DiscoveryScan Discovery::scan(Clock::time_point now) {
  impl_->problems.clear();
  impl_->open_cgroups();
  impl_->find_processes(now);
  impl_->renew(now);
  DiscoveryScan result;
  result.targets = impl_->targets();
  std::sort(impl_->problems.begin(), impl_->problems.end());
  result.problems = impl_->problems;
  return result;
}

void Discovery::set_rules(std::vector<TargetRule> rules) {
  impl_->settings.rules = std::move(rules);
  impl_->tracked.clear();
  impl_->rules_changed = true;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/target_registry.h"

#include <algorithm>
#include <limits>
#include <set>

#include "discovery/rules.h"
#include "metrics/names.h"

namespace mme {
namespace {

std::string address_text(const Listener& listener) {
  const bool v6 = listener.address.find(':') != std::string::npos;
  return (v6 ? "[" + listener.address + "]" : listener.address) + ":" + std::to_string(listener.port);
}

}  // namespace

TargetRegistry::Plan TargetRegistry::plan(const std::vector<Target>& found, Clock::time_point now) {
  Plan plan;
  std::set<std::string> names;
  for (const Target& target : found) {
    names.insert(target.name);
    const auto known = entries_.find(target.name);
    const bool same = known != entries_.end() && known->second.present && known->second.target == target;
    const bool settled = same && (known->second.observed || now - known->second.tried_at < kRetry);
    if (!settled) plan.observe.push_back(target);
  }
  for (auto& [name, entry] : entries_) {
    if (!entry.present || names.contains(name)) continue;
    entry.present = false;
    entry.vanished_at = now;
    entry.withdrawn = reconfigured_;
    const bool taken_over = std::any_of(plan.observe.begin(), plan.observe.end(), [&](const Target& target) {
      return target.cgroup_id == entry.target.cgroup_id && target.cgroup == entry.target.cgroup;
    });
    (taken_over ? plan.succeeded : plan.forget).push_back(entry.target);
  }
  reconfigured_ = false;
  return plan;
}

Result<uint16_t> TargetRegistry::id(const std::string& name) {
  const auto known = entries_.find(name);
  if (known != entries_.end()) return known->second.id;
  if (next_id_ > std::numeric_limits<uint16_t>::max()) {
    return fail("number target " + name + ": all 65535 numbers were given (restart the agent)");
  }
  Entry& entry = entries_[name];
  entry.id = static_cast<uint16_t>(next_id_++);
  return entry.id;
}

std::string TargetRegistry::name_of(uint16_t id) const {
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [id](const auto& entry) { return entry.second.id == id; });
  return known == entries_.end() ? std::string() : known->first;
}

void TargetRegistry::observed(const Target& target, const std::string& problem, Clock::time_point now) {
  const auto known = entries_.find(target.name);
  if (known == entries_.end()) return;  // id() failed
  Entry& entry = known->second;
  entry.target = target;
  entry.present = true;
  entry.withdrawn = false;
  entry.observed = problem.empty();
  entry.problem = problem;
  entry.tried_at = now;
  for (const Listener& listener : target.listeners) entry.entrypoints[listener.port] = listener.name;
}

std::vector<TargetState> TargetRegistry::states(Clock::time_point now) const {
  std::set<TargetKind> present_kinds;
  for (const auto& [name, entry] : entries_) {
    if (entry.present) present_kinds.insert(entry.target.kind);
  }
  std::map<TargetKind, const Entry*> last_vanished;
  for (const auto& [name, entry] : entries_) {
    const Entry*& last = last_vanished[entry.target.kind];
    if (!entry.present && !entry.withdrawn && (last == nullptr || entry.vanished_at > last->vanished_at)) last = &entry;
  }

  std::vector<TargetState> states;
  for (const auto& [name, entry] : entries_) {
    if (!entry.present && entry.withdrawn) continue;
    const bool last_of_kind = !present_kinds.contains(entry.target.kind) && last_vanished[entry.target.kind] == &entry;
    if (!entry.present && !last_of_kind && now - entry.vanished_at >= kVanishedShown) continue;
    TargetState state;
    state.kind = kind_name(entry.target.kind);
    state.name = label_text(name, false);
    state.up = entry.present && entry.observed;
    state.pid = entry.target.pid;
    state.cgroup = entry.target.cgroup;
    for (const Listener& listener : entry.target.listeners) state.listeners.push_back(address_text(listener));
    state.names = entry.learnt.names;
    state.rule = entry.target.rule;
    state.problem = entry.present ? entry.problem : "process " + std::to_string(entry.target.pid) + " is gone";
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<std::string> TargetRegistry::problems() const {
  std::vector<std::string> problems;
  for (const auto& [name, entry] : entries_) {
    if (entry.present && !entry.observed) problems.push_back(name + ": " + entry.problem);
  }
  return problems;
}

bool TargetRegistry::any_present() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) { return entry.second.present; });
}

bool TargetRegistry::is_present(const std::string& name) const {
  const auto known = entries_.find(name);
  return known != entries_.end() && known->second.present;
}

void TargetRegistry::learnt(const std::string& name, Learnt learnt) {
  const auto known = entries_.find(name);
  if (known == entries_.end()) return;
  Entry& entry = known->second;
  entry.servers = std::make_shared<const ServerNames>(std::move(learnt.servers));
  entry.learnt = std::move(learnt);
}

std::map<uint16_t, std::string> TargetRegistry::learnt_entrypoints(const std::string& name) const {
  std::map<uint16_t, std::string> names;
  const auto known = entries_.find(name);
  if (known == entries_.end()) return names;
  for (const auto& [port, given] : known->second.entrypoints) names[port];
  for (const auto& [port, learnt] : known->second.learnt.entrypoints) names[port] = learnt;
  return names;
}

std::vector<ServerUp> TargetRegistry::servers_up() const {
  std::map<std::pair<std::string, std::string>, bool> all;  // two Traefiks may have the same service: up if one says so
  for (const auto& [name, entry] : entries_) {
    if (!entry.present) continue;
    for (const ServerUp& server : entry.learnt.servers_up) all[{server.service, server.url}] |= server.up;
  }
  std::vector<ServerUp> servers;
  for (const auto& [key, up] : all) servers.push_back({key.first, key.second, up});
  return servers;
}

std::vector<TargetMetrics> TargetRegistry::own_metrics() const {
  std::vector<TargetMetrics> own;
  for (const auto& [name, entry] : entries_) {
    const auto& metrics = entry.learnt.own_metrics;
    if (entry.present && metrics && serves(entry.target, *metrics)) own.push_back({name, *metrics});
  }
  return own;
}

ResolveContext TargetRegistry::context() const {
  ResolveContext context;
  for (const auto& [name, entry] : entries_) {
    ResolveTarget& target = context.targets[entry.id];
    target.name = label_text(name, false);
    target.servers = entry.servers;
    if (entry.target.kind != TargetKind::traefik) continue;
    for (const auto& [port, given] : entry.entrypoints) {
      const auto learnt = entry.learnt.entrypoints.find(port);
      if (!given.empty()) {
        target.entrypoints[port] = given;
      } else {
        target.entrypoints[port] =
            learnt == entry.learnt.entrypoints.end() ? ":" + std::to_string(port) : learnt->second;
      }
    }
  }
  return context;
}

}  // namespace mme

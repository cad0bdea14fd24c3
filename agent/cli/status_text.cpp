// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <string_view>

#include "cli/printable.h"

namespace mme {
namespace {

constexpr size_t kNameWidth = 32;
constexpr size_t kAddressWidth = 21;  // "255.255.255.255:65535"
constexpr size_t kRateWidth = 9;
constexpr size_t kLatencyWidth = 8;

class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  [[nodiscard]] std::string bold(const std::string& text) const { return paint("\033[1m", text); }
  [[nodiscard]] std::string good(const std::string& text) const { return paint("\033[32m", text); }
  [[nodiscard]] std::string bad(const std::string& text) const { return paint("\033[31m", text); }

 private:
  [[nodiscard]] std::string paint(const char* code, const std::string& text) const {
    return color_ ? code + text + "\033[0m" : text;
  }
  bool color_;
};

std::string rate_text(double per_second) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), per_second < 9999.95 ? "%.1f" : "%.0f", per_second);
  return text.data();
}

std::string latency_text(const std::optional<double>& seconds) {
  return seconds ? duration_text(*seconds) : "-";
}

std::string header(const Status& status, const Painter& paint) {
  const bool ready = status.problems.empty();
  std::string text = paint.bold("mme-agent " + printable(status.version)) + " (" + printable(status.revision) +
                     "), up " + uptime_text(status.uptime_s) + ", " +
                     (ready ? paint.good("ready") : paint.bad("not ready")) + "\n";
  for (const std::string& problem : status.problems)
    text += "  " + paint.bad("problem") + ": " + printable(problem) + "\n";
  for (const std::string& note : status.notes) text += "  note: " + printable(note) + "\n";
  return text;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// "primary of rs0 as 127.0.0.1:27017"; empty: it is no mongod.
std::string role_text(const TargetState& target) {
  if (target.role.empty()) return printable(target.role_note);
  return printable(target.role) + (target.replica_set.empty() ? "" : " of " + printable(target.replica_set)) +
         (target.me.empty() ? "" : " as " + printable(target.me));
}

std::string targets(const Status& status, const Painter& paint) {
  std::string text = "\n" + paint.bold("TARGETS") + "\n";
  if (status.targets.empty()) text += "  none\n";
  for (const TargetState& target : status.targets) {
    std::vector<std::string> listeners;
    for (const std::string& listener : target.listeners) listeners.push_back(printable(listener));
    text += "  " + (target.up ? paint.good("up  ") : paint.bad("down")) + " " + printable(target.name) + ", pid " +
            std::to_string(target.pid) + "\n";
    if (!listeners.empty()) text += "       listens on " + joined(listeners, ", ") + "\n";
    text += "       cgroup " + printable(target.cgroup) + "\n";
    if (const std::string role = role_text(target); !role.empty()) text += "       role: " + role + "\n";
    if (!target.server_status.empty()) text += "       serverStatus: " + printable(target.server_status) + "\n";
    if (!target.problem.empty()) text += "       " + paint.bad("problem") + ": " + printable(target.problem) + "\n";
  }
  return text;
}

// What a target's addresses are called, and who says so.
std::string names(const Status& status, const Painter& paint) {
  std::string text;
  for (const TargetState& target : status.targets) {
    for (const LearntName& name : target.names) {
      text += "  " + left(printable(name.of), kAddressWidth) + " " + printable(name.name) + " (" +
              printable(name.source) + ")\n";
    }
  }
  return text.empty() ? text : "\n" + paint.bold("NAMES") + "\n" + text;
}

std::string hooks(const Status& status, const Painter& paint) {
  struct Hooks {
    std::vector<std::string> attached;
    std::map<std::string, std::vector<std::string>> missing;  // by error: what keeps one out mostly keeps out all
  };
  std::map<std::string, Hooks> by_cgroup;
  std::set<std::string> seen;
  for (const Attachment& attachment : status.attachments) {
    if (!seen.insert(attachment.cgroup + "\n" + attachment.hook).second) continue;  // several targets in one cgroup
    Hooks& hooks = by_cgroup[attachment.cgroup];
    (attachment.attached ? hooks.attached : hooks.missing[attachment.error]).push_back(printable(attachment.hook));
  }
  std::string text = "\n" + paint.bold("HOOKS") + "\n";
  if (by_cgroup.empty()) text += "  none\n";
  for (const auto& [cgroup, hooks] : by_cgroup) {
    text += "  " + printable(cgroup) + "\n";
    if (!hooks.attached.empty()) text += "    attached: " + joined(hooks.attached, " ") + "\n";
    for (const auto& [error, names] : hooks.missing) {
      text += "    " + paint.bad("missing") + " " + joined(names, " ") + ": " + printable(error) + "\n";
    }
  }
  return text;
}

// A name that is too long for its column has a line of its own.
std::string group_row(const GroupStatus& group, size_t indent) {
  const GroupFigures& window = group.window;
  std::string name = std::string(indent, ' ') + printable(group.key.name);
  std::string before;
  if (columns(name) > kNameWidth) {
    before = name + "\n";
    name.clear();
  }
  return before + left(name, kNameWidth) + right(rate_text(window.requests_per_second), kRateWidth) +
         right(rate_text(window.errors_per_second), kRateWidth) + right(latency_text(window.p50_s), kLatencyWidth) +
         right(latency_text(window.p95_s), kLatencyWidth) + right(latency_text(window.p99_s), kLatencyWidth) + "\n";
}

std::string group_header(const std::string& title) {
  return left(title, kNameWidth) + right("per s", kRateWidth) + right("errors/s", kRateWidth) +
         right("p50", kLatencyWidth) + right("p95", kLatencyWidth) + right("p99", kLatencyWidth);
}

// Groups of one kind, the busiest first; below the name of their target where there are several.
std::string groups(const Status& status, GroupKind kind, const std::string& title, const Painter& paint) {
  std::map<std::string_view, std::vector<const GroupStatus*>> by_target;
  for (const GroupStatus& group : status.groups) {
    if (group.key.kind == kind) by_target[group.key.target].push_back(&group);
  }
  std::string text = "\n" + paint.bold(group_header(title)) + "\n";
  if (by_target.empty()) text += "  nothing seen yet\n";
  for (auto& [target, shown] : by_target) {
    std::stable_sort(shown.begin(), shown.end(), [](const GroupStatus* a, const GroupStatus* b) {
      return a->window.requests_per_second > b->window.requests_per_second;
    });
    if (by_target.size() > 1) text += "  " + printable(target) + "\n";
    for (const GroupStatus* group : shown) text += group_row(*group, by_target.size() > 1 ? 4 : 2);
  }
  return text;
}

// "duplicate 789, gap 3": only what happened.
std::string reasons(const std::map<std::string, uint64_t>& counts, bool bytes) {
  std::vector<std::string> parts;
  for (const auto& [reason, count] : counts) {
    if (count == 0) continue;
    parts.push_back(printable(reason) + " " + (bytes ? bytes_text(static_cast<double>(count)) : std::to_string(count)));
  }
  return parts.empty() ? "none" : joined(parts, ", ");
}

std::string skips(const Status& status, const Painter& paint) {
  std::string text = "\n" + paint.bold("ACCOUNT") + "\n";
  for (const auto& [protocol, account] : status.accounts) {
    text += "  " + left(printable(protocol), 6) + " seen " + bytes_text(static_cast<double>(account.bytes_seen)) +
            ", parsed " + bytes_text(static_cast<double>(account.bytes_parsed)) + "\n";
    text += "         bytes skipped: " + reasons(account.bytes_skipped, true) + "\n";
    text += "         messages skipped: " + reasons(account.messages_skipped, false) + "\n";
  }
  const std::string overflow = reasons(status.series_overflow, false);
  if (overflow != "none") text += "  " + paint.bad("over the series limit") + ": " + overflow + "\n";
  return text;
}

std::string cost(const Status& status, const Painter& paint) {
  uint64_t maps = 0;
  for (const auto& [map, bytes] : status.map_bytes) maps += bytes;
  uint64_t runs = 0, run_ns = 0;
  for (const ProgramCost& program : status.programs) {
    runs += program.run_count;
    run_ns += program.run_time_ns;
  }
  std::string text = "\n" + paint.bold("COST") + "\n";
  text += "  agent  cpu " + duration_text(status.process.cpu_seconds) + ", memory " +
          bytes_text(static_cast<double>(status.process.resident_bytes)) + ", kernel maps " +
          bytes_text(static_cast<double>(maps)) + "\n";
  if (runs > 0) {
    text += "  bpf    " + std::to_string(runs) + " runs, " + std::to_string(run_ns / runs) + " ns each\n";
  } else {
    text += "  bpf    not measured (sysctl kernel.bpf_stats_enabled=1 measures it)\n";
  }
  return text;
}

}  // namespace

std::string status_text(const Status& status, bool color) {
  const Painter paint(color);
  const std::string window = status.window_s > 0 ? ", last " + uptime_text(status.window_s + 0.5) : "";
  return header(status, paint) + targets(status, paint) + names(status, paint) + hooks(status, paint) +
         groups(status, GroupKind::entrypoint, "ENTRYPOINTS" + window, paint) +
         groups(status, GroupKind::route, "ROUTES" + window, paint) +
         groups(status, GroupKind::router, "ROUTERS" + window, paint) +
         groups(status, GroupKind::upstream, "UPSTREAM SERVERS" + window, paint) +
         groups(status, GroupKind::mongo, "MONGODB COMMANDS" + window, paint) + skips(status, paint) +
         cost(status, paint);
}

}  // namespace mme

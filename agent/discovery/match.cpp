// SPDX-License-Identifier: Apache-2.0
#include "discovery/match.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "discovery/cgroup_path.h"
#include "discovery/proc_parse.h"

namespace mme {
namespace {

constexpr size_t comm_length = 15;

constexpr std::array<std::string_view, 26> launchers = {
    "sh",      "bash",    "dash",      "ash",         "zsh",       "ksh",     "busybox", "env",         "nohup",
    "setsid",  "tini",    "dumb-init", "docker-init", "catatonit", "gosu",    "su-exec", "su",          "sudo",
    "setpriv", "runuser", "perl",      "ip",          "nsenter",   "unshare", "strace",  "s6-supervise"};

// Commands of the same binary that end by themselves: container health checks start one every few seconds.
constexpr std::array<std::string_view, 5> traefik_commands = {"healthcheck", "version", "help", "--help", "-h"};
constexpr std::array<std::string_view, 5> mongod_commands = {"--version", "--help", "-h", "--shutdown", "--sysinfo"};

template <size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_one_shot(TargetKind kind, const std::vector<std::string>& argv) {
  if (kind == TargetKind::traefik) return argv.size() > 1 && one_of(traefik_commands, argv[1]);
  return std::any_of(argv.begin(), argv.end(), [](const std::string& word) { return one_of(mongod_commands, word); });
}

bool has_name(const ProcessImage& image, std::string_view name) {
  if (base_name(image.exe) == name || image.comm == name.substr(0, comm_length)) return true;
  return !image.argv.empty() && base_name(image.argv[0]) == name;
}

}  // namespace

bool is_launcher(std::string_view name) {
  // "runc:[2:INIT]" and systemd's "(traefik)" are about to exec; python3.11 and the like are interpreters.
  return name.starts_with("runc:") || name.starts_with('(') || name.starts_with("systemd-exec") ||
         name.starts_with("python") || one_of(launchers, name);
}

std::string wanted_process(const TargetRule& rule) {
  if (!rule.process.empty()) return base_name(rule.process);
  return rule.pid != 0 || !rule.cgroup.empty() ? "" : kind_name(rule.kind);
}

std::string describe(const TargetRule& rule) {
  if (rule.pid != 0) return "pid " + std::to_string(rule.pid);
  if (!rule.cgroup.empty()) return "cgroup " + rule.cgroup;
  return wanted_process(rule);
}

Match match(const TargetRule& rule, const ProcessImage& image) {
  if (rule.pid != 0) return image.pid == rule.pid ? Match::yes : Match::no;
  if (!rule.cgroup.empty() && (image.cgroup.empty() || !is_inside(image.cgroup, rule.cgroup))) return Match::no;
  const std::string name = wanted_process(rule);
  if (!name.empty() && !has_name(image, name)) return Match::no;
  const std::string running = base_name(image.exe);
  if (running != name && is_launcher(running.empty() ? image.comm : running)) return Match::not_yet;
  return is_one_shot(rule.kind, image.argv) ? Match::not_yet : Match::yes;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/listen_sockets.h"

// Texts of procfs (proc(5)) to values. Nothing here reads a file.
namespace mme {

// /proc/PID/stat
struct ProcStat {
  pid_t pid = 0;
  std::string comm;  // at most 15 bytes; may hold blanks and parentheses
  char state = '?';
  pid_t ppid = 0;
  uint32_t flags = 0;
  uint64_t start_ticks = 0;  // field 22, since boot

  [[nodiscard]] bool kernel_thread() const { return (flags & 0x00200000) != 0; }  // PF_KTHREAD
  [[nodiscard]] bool dead() const { return state == 'Z' || state == 'X' || state == 'x'; }
};
[[nodiscard]] std::optional<ProcStat> parse_stat(std::string_view text);

// /proc/PID/net/tcp or tcp6: those in LISTEN. Lines that are not understood are left out.
[[nodiscard]] std::vector<ListenSocket> parse_proc_net_tcp(std::string_view text);

// /proc/PID/cgroup: the path of the "0::" line, relative to the reader's cgroup namespace ("/a/b", "/../x");
// " (deleted)" is cut off. Nothing where there is no cgroup v2.
[[nodiscard]] std::optional<std::string> parse_proc_cgroup(std::string_view text);

// /proc/PID/cmdline: the arguments, at most `limit` of them.
[[nodiscard]] std::vector<std::string> parse_cmdline(std::string_view text, size_t limit);

// A line of /proc/PID/mountinfo, octal escapes resolved.
struct Mount {
  std::string root;  // of the mount within its filesystem
  std::string mount_point;
  std::string fs_type;
  std::string options;  // of the mount
  bool operator==(const Mount&) const = default;
};
[[nodiscard]] std::vector<Mount> parse_mountinfo(std::string_view text);

// "socket:[1234]" -> 1234
[[nodiscard]] std::optional<uint64_t> parse_socket_link(std::string_view link);

// The number in "CapEff:\t000001ffffffffff" and the like of /proc/PID/status; base 16 for Cap*, else 10.
[[nodiscard]] std::optional<uint64_t> parse_status_field(std::string_view text, std::string_view field, int base);

// /proc/loadavg, "0.20 0.18 0.12 1/80 11206": the last process id given out in the reader's PID namespace.
[[nodiscard]] std::optional<pid_t> parse_last_pid(std::string_view text);

// "/usr/bin/traefik (deleted)" -> "traefik"
[[nodiscard]] std::string base_name(std::string_view path);

}  // namespace mme

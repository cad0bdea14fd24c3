// SPDX-License-Identifier: Apache-2.0
#include "discovery/host_facts.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

#include "discovery/read_file.h"

namespace mme {
namespace {

std::optional<std::string> read_line(const std::string& path) {
  auto text = read_file(path);
  if (!text) return std::nullopt;
  return text->substr(0, text->find('\n'));
}

std::optional<uint64_t> read_number(const std::string& path) {
  const auto line = read_line(path);
  uint64_t value = 0;
  if (!line || std::from_chars(line->data(), line->data() + line->size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::string> read_link(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink(path.c_str(), buffer.data(), buffer.size());
  if (size < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<size_t>(size));
}

}  // namespace

uint32_t count_cpus(std::string_view list) {
  uint32_t count = 0;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view range = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    uint32_t first = 0;
    const char* stop = range.data() + range.size();
    const auto [at, error] = std::from_chars(range.data(), stop, first);
    if (error != std::errc{}) return 0;
    uint32_t last = first;
    if (at != stop && (*at != '-' || std::from_chars(at + 1, stop, last).ec != std::errc{})) return 0;
    if (last < first) return 0;
    count += last - first + 1;
  }
  return count;
}

HostFacts read_host_facts(const std::string& proc_root, const std::string& sys_root) {
  HostFacts facts;
  const std::string sysctl = proc_root + "/sys/";
  const std::string status = read_file(proc_root + "/self/status").value_or("");
  facts.kernel_release = read_line(sysctl + "kernel/osrelease").value_or("");
  facts.btf = ::access((sys_root + "/kernel/btf/vmlinux").c_str(), F_OK) == 0;
  facts.mounts = parse_mountinfo(read_file(proc_root + "/self/mountinfo").value_or(""));
  facts.capabilities = parse_status_field(status, "CapEff", 16).value_or(0);
  facts.lockdown = read_line(sys_root + "/kernel/security/lockdown");
  facts.unprivileged_bpf_disabled = read_number(sysctl + "kernel/unprivileged_bpf_disabled");
  facts.jit_enable = read_number(sysctl + "net/core/bpf_jit_enable");
  facts.stats_enabled = read_number(sysctl + "kernel/bpf_stats_enabled");
  facts.pid_namespace = read_link(proc_root + "/self/ns/pid");
  const auto cpus = [&](const char* name) {
    return std::max(1U, count_cpus(read_line(sys_root + "/devices/system/cpu/" + name).value_or("0")));
  };
  facts.possible_cpus = cpus("possible");
  facts.online_cpus = cpus("online");
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts.memlock_bytes = limit.rlim_cur;
  return facts;
}

}  // namespace mme

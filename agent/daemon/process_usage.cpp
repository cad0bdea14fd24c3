// SPDX-License-Identifier: Apache-2.0
#include "daemon/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace mme {
namespace {

// Fields of /proc/self/stat behind the command name, which may hold spaces; [0] is field 3.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

uint64_t open_fds() {
  std::error_code error;
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd", error);
  return error ? 0 : static_cast<uint64_t>(std::distance(begin(entries), end(entries))) - 1;  // the listing has one
}

}  // namespace

ProcessUsage process_usage() {
  constexpr size_t kFirst = 3, kUtime = 14, kStime = 15, kStart = 22, kVirtual = 23, kResident = 24;
  const std::vector<std::string> fields = stat_fields();
  const auto field = [&](size_t number) {
    return number - kFirst < fields.size() ? std::strtoull(fields[number - kFirst].c_str(), nullptr, 10) : 0ULL;
  };
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));

  ProcessUsage usage;
  usage.cpu_seconds = static_cast<double>(field(kUtime) + field(kStime)) / ticks_per_second;
  usage.start_time_seconds = boot_time_seconds() + static_cast<double>(field(kStart)) / ticks_per_second;
  usage.virtual_bytes = field(kVirtual);
  usage.resident_bytes = field(kResident) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.open_fds = open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = limit.rlim_cur;
  return usage;
}

int possible_cpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::string ranges;
  std::getline(file, ranges);
  const size_t last = ranges.find_last_of(",-");
  const std::string highest = last == std::string::npos ? ranges : ranges.substr(last + 1);
  return std::max(1, std::atoi(highest.c_str()) + 1);
}

}  // namespace mme

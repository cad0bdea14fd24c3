// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mme {

struct FakeProcess {
  pid_t pid = 0;
  pid_t ppid = 1;
  std::string comm = {};
  std::string exe = {};
  std::string cgroup = "/";
  std::string cmdline = {};            // NUL-separated; empty: the exe
  std::vector<uint64_t> sockets = {};  // inodes, from fd 3 on
  uint64_t start_ticks = 0;            // 0: pid * 10
  char state = 'S';
  uint32_t flags = 0;
};

// A proc tree and a cgroup v2 tree under a temporary directory.
class FakeHost {
 public:
  FakeHost();
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  [[nodiscard]] std::string proc() const { return (root_ / "proc").string(); }
  [[nodiscard]] std::string cgroups() const { return (root_ / "cgroup").string(); }

  void add(const FakeProcess& process);
  void remove(pid_t pid);
  // Every process' net/tcp: these ports listen on 0.0.0.0 with these inodes.
  void listen(pid_t pid, const std::vector<std::pair<uint16_t, uint64_t>>& ports);
  void write(const std::string& path, const std::string& text);

 private:
  void update_members();

  std::filesystem::path root_;
  std::vector<FakeProcess> processes_;
};

}  // namespace mme

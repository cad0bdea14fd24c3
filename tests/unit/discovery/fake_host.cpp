// SPDX-License-Identifier: Apache-2.0
#include "fake_host.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace mme {

namespace fs = std::filesystem;

FakeHost::FakeHost() {
  std::string name = (fs::temp_directory_path() / "mme-fake-host-XXXXXX").string();
  root_ = ::mkdtemp(name.data());
  fs::create_directories(cgroups());
  const std::string self = std::to_string(::getpid());
  fs::create_directories(root_ / "proc" / self);
  fs::create_directory_symlink(self, root_ / "proc" / "self");
  write("proc/self/mountinfo", "29 23 0:26 / " + cgroups() + " rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  write("proc/self/cgroup", "0::/\n");
}

FakeHost::~FakeHost() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void FakeHost::write(const std::string& path, const std::string& text) {
  const fs::path file = root_ / path;
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

void FakeHost::add(const FakeProcess& process) {
  remove(process.pid);
  const std::string at = "proc/" + std::to_string(process.pid) + "/";
  const uint64_t start = process.start_ticks != 0 ? process.start_ticks : static_cast<uint64_t>(process.pid) * 10;
  write(at + "stat", std::to_string(process.pid) + " (" + process.comm + ") " + process.state + " " +
                         std::to_string(process.ppid) + " 1 1 0 -1 " + std::to_string(process.flags) +
                         " 0 0 0 0 0 0 0 0 20 0 1 0 " + std::to_string(start) + " 0 0\n");
  write(at + "comm", process.comm + "\n");
  write(at + "cmdline", process.cmdline.empty() ? process.exe : process.cmdline);
  write(at + "cgroup", "0::" + process.cgroup + "\n");
  write(at + "status", "Name:\t" + process.comm + "\nTgid:\t" + std::to_string(process.pid) + "\n");
  fs::create_directories(root_ / at / "fd");
  if (!process.exe.empty()) fs::create_symlink(process.exe, root_ / at / "exe");
  int fd = 3;
  for (const uint64_t inode : process.sockets) {
    fs::create_symlink("socket:[" + std::to_string(inode) + "]", root_ / at / "fd" / std::to_string(fd++));
  }
  processes_.push_back(process);
  update_members();
}

void FakeHost::remove(pid_t pid) {
  fs::remove_all(root_ / "proc" / std::to_string(pid));
  std::erase_if(processes_, [pid](const FakeProcess& process) { return process.pid == pid; });
  update_members();
}

void FakeHost::update_members() {
  for (const auto& process : processes_) write("cgroup" + process.cgroup + "/cgroup.procs", "");
  for (const auto& process : processes_) {
    const fs::path file = root_ / ("cgroup" + process.cgroup) / "cgroup.procs";
    std::ofstream(file, std::ios::app) << process.pid << "\n";
  }
}

void FakeHost::listen(pid_t pid, const std::vector<std::pair<uint16_t, uint64_t>>& ports) {
  std::string text = "  sl  local_address rem_address   st\n";
  for (const auto& [port, inode] : ports) {
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), "%04X", port);
    text += "   0: 00000000:" + std::string(hex.data()) +
            " 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " + std::to_string(inode) + " 1\n";
  }
  write("proc/" + std::to_string(pid) + "/net/tcp", text);
}

}  // namespace mme

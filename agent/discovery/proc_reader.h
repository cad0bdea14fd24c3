// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/unique_fd.h"

namespace mme {

// A process directory. The inode is new for every process, so a pid used again shows; it may also change for a living
// one (after memory pressure), which costs a second look and no more.
struct ProcEntry {
  pid_t pid = 0;
  uint64_t inode = 0;
};

// Reads files below a proc root. Errors are errno; ENOENT and ESRCH: the process is gone.
class ProcReader {
 public:
  explicit ProcReader(std::string root);

  [[nodiscard]] tl::expected<std::vector<ProcEntry>, int> list() const;
  [[nodiscard]] tl::expected<std::string, int> read(const char* file) const;
  [[nodiscard]] tl::expected<std::string, int> read(pid_t pid, const char* file) const;
  [[nodiscard]] tl::expected<std::string, int> link(pid_t pid, const char* file) const;

  [[nodiscard]] tl::expected<uint64_t, int> inode(pid_t pid) const;  // as list() has it

  // Whether process ids here are those of the agent's own PID namespace.
  [[nodiscard]] bool of_own_namespace() const { return own_namespace_; }

  // Which of the `wanted` socket inodes the process holds: inode -> fd. Stops once all are found.
  [[nodiscard]] tl::expected<std::map<uint64_t, int>, int> sockets(pid_t pid, std::set<uint64_t> wanted) const;

  // Whether `fd` of the process still is that socket: one readlink.
  [[nodiscard]] bool holds_socket(pid_t pid, int fd, uint64_t inode) const;

  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
  UniqueFd directory_;
  bool own_namespace_ = false;
};

}  // namespace mme

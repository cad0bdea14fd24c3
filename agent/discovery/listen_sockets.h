// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mme {

// A TCP socket in LISTEN. Of an MPTCP listener (Go's default since 1.24) this is its first subflow, which the kernel
// shows with the inode of the MPTCP socket, the one that /proc/PID/fd shows too.
struct ListenSocket {
  std::string address;     // "0.0.0.0", "::", "10.0.0.5"; a v4-mapped address reads as IPv4
  uint16_t port = 0;       // host order
  uint64_t inode = 0;      // as in "socket:[INODE]"
  uint64_t cgroup_id = 0;  // of the cgroup v2 in which the socket was created; 0: not known

  auto operator<=>(const ListenSocket&) const = default;
};

// Every listening TCP socket of the network namespace of `pid`; nothing where it cannot be asked.
using ListenSocketSource = std::function<std::optional<std::vector<ListenSocket>>(pid_t pid)>;

// Asks NETLINK_SOCK_DIAG: walks the listening sockets only, and names their cgroups from Linux 5.9 on. Needs no
// capability in the agent's own network namespace, CAP_SYS_ADMIN in another (setns, on a thread of its own).
[[nodiscard]] ListenSocketSource netlink_listen_sockets();

}  // namespace mme

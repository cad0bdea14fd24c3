// SPDX-License-Identifier: Apache-2.0
#include "kernel/adopt.h"

#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "base/unique_fd.h"
#include "mme/exchange.h"

namespace mme {
namespace {

namespace fs = std::filesystem;

// The number of a descriptor that is a socket; `entry` is one of /proc/PID/fd.
std::optional<int> socket_number(const fs::directory_entry& entry) {
  std::error_code error;
  if (!fs::read_symlink(entry.path(), error).native().starts_with("socket:")) return std::nullopt;
  const std::string name = entry.path().filename();
  int number = -1;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number < 0 ? std::nullopt : std::optional(number);
}

int option(int socket, int which) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

// Port of the socket's own end; nothing: no TCP connection.
std::optional<uint16_t> local_port(int socket) {
  const int domain = option(socket, SO_DOMAIN);
  if ((domain != AF_INET && domain != AF_INET6) || option(socket, SO_PROTOCOL) != IPPROTO_TCP) return std::nullopt;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return ntohs(domain == AF_INET ? reinterpret_cast<const sockaddr_in*>(&address)->sin_port
                                 : reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
}

bool is_listener(const Target& target, uint16_t port) {
  return std::any_of(target.listeners.begin(), target.listeners.end(),
                     [port](const Listener& listener) { return listener.port == port; });
}

}  // namespace

Result<size_t> adopt_upstream_connections(const bpf_map* connections, uint16_t id, const Target& target) {
  const std::string what = "look at the connections of process " + std::to_string(target.pid);
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, target.pid, 0)));
  if (!process.valid()) return fail_errno(what, errno);

  mme_connection state{};
  state.target = id;
  state.role = MME_ROLE_UPSTREAM;
  mme_connection_start(&state);
  size_t adopted = 0;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator("/proc/" + std::to_string(target.pid) + "/fd", error)) {
    const auto number = socket_number(entry);
    if (!number) continue;
    const UniqueFd socket(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), *number, 0)));
    if (!socket.valid() && errno == EBADF) continue;  // closed since
    if (!socket.valid()) return fail_errno(what, errno, "needs CAP_SYS_PTRACE");
    const auto port = local_port(socket.get());
    if (!port || is_listener(target, *port)) continue;
    const int descriptor = socket.get();
    if (bpf_map_update_elem(bpf_map__fd(connections), &descriptor, &state, BPF_NOEXIST) == 0) {
      ++adopted;
    } else if (errno != EEXIST) {
      return fail_errno(what, errno);
    }
  }
  if (error) return fail_errno(what, error.value(), "needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
  return adopted;
}

}  // namespace mme

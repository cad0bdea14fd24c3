// SPDX-License-Identifier: Apache-2.0
#include "discovery/sock_diag.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "discovery/address.h"

namespace mme {
namespace {

template <typename T>
T load(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

ListenSocket parse_message(std::span<const std::byte> payload) {
  const auto message = load<inet_diag_msg>(payload, 0);
  ListenSocket socket;
  socket.address =
      message.idiag_family == AF_INET ? format_ipv4(message.id.idiag_src) : format_ipv6(message.id.idiag_src);
  socket.port = ntohs(message.id.idiag_sport);
  socket.inode = message.idiag_inode;
  size_t at = NLMSG_ALIGN(sizeof(message));
  while (at + sizeof(rtattr) <= payload.size()) {
    const auto attribute = load<rtattr>(payload, at);
    if (attribute.rta_len < sizeof(rtattr) || at + attribute.rta_len > payload.size()) break;
    if (attribute.rta_type == INET_DIAG_CGROUP_ID && attribute.rta_len >= RTA_LENGTH(sizeof(uint64_t))) {
      socket.cgroup_id = load<uint64_t>(payload, at + RTA_LENGTH(0));
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  return socket;
}

UniqueFd open_sock_diag() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const timeval timeout{.tv_sec = 1, .tv_usec = 0};  // the kernel answers at once; never hang on it all the same
  if (fd.valid()) ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  return fd;
}

bool request_dump(int fd, uint8_t family) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } message{};
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.request.sdiag_family = family;
  message.request.sdiag_protocol = IPPROTO_TCP;
  message.request.idiag_states = 1U << TCP_LISTEN;
  return ::send(fd, &message, sizeof(message), 0) == static_cast<ssize_t>(sizeof(message));
}

bool dump(int fd, uint8_t family, std::vector<ListenSocket>& sockets) {
  if (!request_dump(fd, family)) return false;
  std::array<std::byte, 32768> buffer;
  while (true) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    switch (parse_sock_diag(std::span(buffer).first(static_cast<size_t>(size)), sockets)) {
      case DumpState::more:
        break;
      case DumpState::done:
        return true;
      case DumpState::failed:
        return false;
    }
  }
}

std::optional<std::vector<ListenSocket>> dump_all(const UniqueFd& fd) {
  std::vector<ListenSocket> sockets;
  if (!fd.valid() || !dump(fd.get(), AF_INET, sockets)) return std::nullopt;
  if (!dump(fd.get(), AF_INET6, sockets)) return std::nullopt;
  return sockets;
}

// A socket belongs to the namespace of the thread that opens it. The thread ends here, so that no other code can ever
// run in the wrong namespace.
UniqueFd open_sock_diag_in(const std::string& namespace_path) {
  UniqueFd result;
  std::thread([&] {
    const UniqueFd ns(::open(namespace_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (ns.valid() && ::setns(ns.get(), CLONE_NEWNET) == 0) result = open_sock_diag();
  }).join();
  return result;
}

}  // namespace

DumpState parse_sock_diag(std::span<const std::byte> datagram, std::vector<ListenSocket>& sockets) {
  size_t at = 0;
  while (at + sizeof(nlmsghdr) <= datagram.size()) {
    const auto header = load<nlmsghdr>(datagram, at);
    if (header.nlmsg_len < sizeof(nlmsghdr) || at + header.nlmsg_len > datagram.size()) return DumpState::failed;
    if (header.nlmsg_type == NLMSG_DONE) return DumpState::done;
    if (header.nlmsg_type == NLMSG_ERROR) return DumpState::failed;
    const auto payload = datagram.subspan(at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && payload.size() >= sizeof(inet_diag_msg)) {
      sockets.push_back(parse_message(payload));
    }
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return DumpState::more;
}

ListenSocketSource netlink_listen_sockets() {
  return [](pid_t pid) -> std::optional<std::vector<ListenSocket>> {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
    struct stat ours {};
    struct stat theirs {};
    if (::stat("/proc/self/ns/net", &ours) != 0 || ::stat(path.c_str(), &theirs) != 0) return std::nullopt;
    const bool same = ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
    return dump_all(same ? open_sock_diag() : open_sock_diag_in(path));
  };
}

}  // namespace mme

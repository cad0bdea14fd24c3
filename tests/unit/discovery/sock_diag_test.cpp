// SPDX-License-Identifier: Apache-2.0
#include "discovery/sock_diag.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cstring>

namespace mme {
namespace {

using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& bytes, const T& value) {
  const size_t at = bytes.size();
  bytes.resize(at + NLMSG_ALIGN(sizeof(value)));
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

Bytes finish(const Bytes& payload, uint16_t type) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_HDRLEN + payload.size());
  Bytes bytes;
  append(bytes, header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Bytes listener(uint32_t address, uint16_t port, uint32_t inode, uint64_t cgroup_id) {
  inet_diag_msg message{};
  message.idiag_family = AF_INET;
  message.id.idiag_src[0] = htonl(address);
  message.id.idiag_sport = htons(port);
  message.idiag_inode = inode;
  Bytes payload;
  append(payload, message);
  rtattr other{};
  other.rta_type = INET_DIAG_SHUTDOWN;
  other.rta_len = RTA_LENGTH(1);
  append(payload, other);
  append(payload, uint8_t{0});
  rtattr attribute{};
  attribute.rta_type = INET_DIAG_CGROUP_ID;
  attribute.rta_len = RTA_LENGTH(sizeof(cgroup_id));
  append(payload, attribute);
  append(payload, cgroup_id);
  return finish(payload, SOCK_DIAG_BY_FAMILY);
}

TEST(ParseSockDiag, ReadsListenersAndTheirCgroups) {
  Bytes datagram = listener(0x7f000001, 8080, 41, 7);
  const Bytes second = listener(0, 27017, 42, 8);
  datagram.insert(datagram.end(), second.begin(), second.end());
  std::vector<ListenSocket> sockets;
  EXPECT_EQ(parse_sock_diag(datagram, sockets), DumpState::more);
  EXPECT_EQ(sockets, (std::vector<ListenSocket>{{"127.0.0.1", 8080, 41, 7}, {"0.0.0.0", 27017, 42, 8}}));
}

TEST(ParseSockDiag, KnowsTheEndAndErrors) {
  std::vector<ListenSocket> sockets;
  EXPECT_EQ(parse_sock_diag(finish(Bytes(4), NLMSG_DONE), sockets), DumpState::done);
  EXPECT_EQ(parse_sock_diag(finish(Bytes(20), NLMSG_ERROR), sockets), DumpState::failed);
  EXPECT_TRUE(sockets.empty());
}

TEST(ParseSockDiag, StaysWithinEveryPrefix) {
  const Bytes whole = listener(0x7f000001, 8080, 41, 7);
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    std::vector<ListenSocket> sockets;
    EXPECT_NE(parse_sock_diag(cut, sockets), DumpState::done);
    EXPECT_TRUE(sockets.empty());
  }
}

TEST(ParseSockDiag, ALyingAttributeLengthEndsTheMessage) {
  Bytes datagram = listener(0x7f000001, 8080, 41, 7);
  const uint16_t lie = 0xffff;
  std::memcpy(datagram.data() + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(inet_diag_msg)), &lie, sizeof(lie));
  std::vector<ListenSocket> sockets;
  EXPECT_EQ(parse_sock_diag(datagram, sockets), DumpState::more);
  EXPECT_EQ(sockets, (std::vector<ListenSocket>{{"127.0.0.1", 8080, 41, 0}}));
}

}  // namespace
}  // namespace mme

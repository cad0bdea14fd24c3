// SPDX-License-Identifier: Apache-2.0
#include "web/connection.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace mme {
namespace {

void address_of(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

}  // namespace

LimitedConnection::LimitedConnection(int fd)
    : fd_(fd), read_until_(Clock::now() + std::chrono::seconds(kRequestSeconds)) {}

bool LimitedConnection::wait(short events, Clock::time_point until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{fd_, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool LimitedConnection::is_readable() const {
  return buffer_begin_ < buffer_end_ || wait(POLLIN, read_until_);
}

bool LimitedConnection::is_writable() const {
  return true;
}

bool LimitedConnection::fill() {
  const size_t size = std::min(buffer_.size(), bytes_left_);
  if (size == 0 || !wait(POLLIN, read_until_)) return false;
  const ssize_t got = ::recv(fd_, buffer_.data(), size, MSG_DONTWAIT);
  if (got <= 0) return false;
  bytes_left_ -= static_cast<size_t>(got);
  buffer_begin_ = 0;
  buffer_end_ = static_cast<size_t>(got);
  return true;
}

ssize_t LimitedConnection::read(char* data, size_t size) {
  if (buffer_begin_ == buffer_end_ && !fill()) return -1;
  const size_t taken = std::min(size, buffer_end_ - buffer_begin_);
  std::copy_n(buffer_.data() + buffer_begin_, taken, data);
  buffer_begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t LimitedConnection::write(const char* data, size_t size) {
  if (write_until_ == Clock::time_point{}) write_until_ = Clock::now() + std::chrono::seconds(kRequestSeconds);
  size_t sent = 0;
  while (sent < size) {
    const ssize_t now = ::send(fd_, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now >= 0) {
      sent += static_cast<size_t>(now);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLOUT, write_until_)) return -1;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(sent);
}

void LimitedConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0) address_of(address, ip, port);
}

void LimitedConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0) address_of(address, ip, port);
}

}  // namespace mme

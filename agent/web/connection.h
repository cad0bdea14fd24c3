// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace mme {

inline constexpr size_t kRequestBytesMax = 16384;
inline constexpr int kRequestSeconds = 5;

// A connection whose whole request must arrive within kRequestSeconds and kRequestBytesMax, however slowly its bytes
// trickle, and whose answer must be taken within the same time: httplib limits the time of each read alone, and not
// the number of headers.
class LimitedConnection final : public httplib::Stream {
 public:
  explicit LimitedConnection(int fd);

  [[nodiscard]] bool is_readable() const override;
  [[nodiscard]] bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  [[nodiscard]] socket_t socket() const override { return fd_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool fill();
  [[nodiscard]] bool wait(short events, Clock::time_point until) const;

  int fd_;
  Clock::time_point read_until_;
  Clock::time_point write_until_{};  // set by the first write
  size_t bytes_left_ = kRequestBytesMax;
  std::array<char, 4096> buffer_;  // httplib reads heads byte by byte
  size_t buffer_begin_ = 0;
  size_t buffer_end_ = 0;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace mme {

// A fixed number of threads and a queue of bounded length: when it is full, accepting waits, and the kernel's backlog
// refuses what comes on top. (httplib's own pool queues without end.)
class BoundedQueue final : public httplib::TaskQueue {
 public:
  BoundedQueue(size_t threads, size_t length);

  void enqueue(std::function<void()> task) override;
  void shutdown() override;  // runs what is queued, then joins

 private:
  void work();

  const size_t length_;
  std::mutex mutex_;
  std::condition_variable filled_, emptied_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// httplib's server with LimitedConnection for its sockets, one request a connection.
class HttpServer final : public httplib::Server {
 public:
  // Ends all connections, so that stop() need not wait for slow clients.
  void end_connections();

 private:
  bool process_and_close_socket(socket_t socket) override;

  std::mutex mutex_;
  std::set<socket_t> open_;
  bool ending_ = false;
};

}  // namespace mme

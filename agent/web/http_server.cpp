// SPDX-License-Identifier: Apache-2.0
#include "web/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "web/connection.h"

namespace mme {

BoundedQueue::BoundedQueue(size_t threads, size_t length) : length_(length) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void BoundedQueue::enqueue(std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    emptied_.wait(lock, [this] { return tasks_.size() < length_ || stopping_; });
    tasks_.push_back(std::move(task));
  }
  filled_.notify_one();
}

void BoundedQueue::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  filled_.notify_all();
  emptied_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BoundedQueue::work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return !tasks_.empty() || stopping_; });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    emptied_.notify_one();
    task();
  }
}

void HttpServer::end_connections() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (const socket_t socket : open_) ::shutdown(socket, SHUT_RDWR);
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  bool serve = false;
  {
    const std::lock_guard lock(mutex_);
    serve = !ending_ && open_.insert(socket).second;
  }
  bool answered = false;
  if (serve) {
    LimitedConnection connection(socket);
    bool closed = false;
    // httplib would compress for any client that accepts it, which costs more than the whole scrape.
    const auto refuse_compression = [](httplib::Request& request) { request.headers.erase("Accept-Encoding"); };
    answered = process_request(connection, /*close_connection=*/true, closed, refuse_compression);
    const std::lock_guard lock(mutex_);
    open_.erase(socket);  // before close(): its number may be given again at once
  }
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return answered;
}

}  // namespace mme

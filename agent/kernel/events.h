// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "mme/abi.h"

struct bpf_map;
struct ring_buffer;

namespace mme {

// Who takes what the programs ask and tell.
class EventHandler {
 public:
  EventHandler() = default;
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;
  virtual ~EventHandler() = default;

  // `head`: the request's first bytes, as many as came; may be empty.
  virtual void question(const mme_route_question& question, std::string_view head) = 0;
  virtual void exchange(const mme_route_exchange& exchange) = 0;
};

// The consumer's end of the events map.
class EventReader {
 public:
  [[nodiscard]] static Result<EventReader> open(const bpf_map* events);

  // Hands over everything there is, in order. One caller at a time.
  void take(EventHandler& handler);
  // Returns when there may be something to take, or after `timeout`. Any thread may wait.
  void wait(std::chrono::milliseconds timeout) const;

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  static int received(void* handler, void* data, size_t size);

  std::unique_ptr<EventHandler*> handler_;  // of the call that runs, where the ring's callback finds it
  std::unique_ptr<ring_buffer, Free> ring_;
};

}  // namespace mme

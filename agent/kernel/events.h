// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "kernel/command_ring.h"
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
  // It was asked for, and has ended.
  virtual void exchange(const mme_route_exchange& exchange) = 0;
  // Of either leg, and the agent knew its route before. Upstream legs come before the entrypoint's of the same request.
  virtual void leg(const mme_route_exchange& leg) = 0;
  // Of MongoDB. `request` and `reply`: the first bytes of the messages, with their headers; may be empty.
  virtual void command(const mme_mongo_exchange& exchange, std::string_view request, std::string_view reply) = 0;
};

// The consumer's end of the maps events, legs and commands.
class EventReader {
 public:
  struct Maps {
    const bpf_map* events;
    const bpf_map* legs;
    const bpf_map* legs_wanted;
    const bpf_map* legs_lost;
    const bpf_map* commands;
    const bpf_map* slow_from_ns;
  };
  [[nodiscard]] static Result<EventReader> open(const Maps& maps);

  // Hands over everything there is: events in order, then legs, then commands. One caller at a time.
  void take(EventHandler& handler);
  // Returns when there may be something to take, or after `timeout`. Any thread may wait.
  void wait(std::chrono::milliseconds timeout) const;

  // Whether the programs tell of legs from now on.
  [[nodiscard]] Result<> want_legs(bool wanted) const;
  // Legs that found no room, since the programs were loaded.
  [[nodiscard]] Result<uint64_t> legs_lost() const;

  // From how long on a command of MongoDB is slow; none: no command is.
  [[nodiscard]] Result<> set_slow_from(std::optional<std::chrono::nanoseconds> duration) const;

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  static int received(void* handler, void* data, size_t size);

  const bpf_map* legs_wanted_ = nullptr;
  const bpf_map* legs_lost_ = nullptr;
  const bpf_map* slow_from_ns_ = nullptr;
  std::unique_ptr<EventHandler*> handler_;  // of the call that runs, where the ring's callback finds it
  std::unique_ptr<ring_buffer, Free> ring_;
  std::unique_ptr<CommandRing> commands_;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"

struct bpf_map;
struct ring_buffer;

namespace mme {

class EventHandler;

// The consumer's end of the map commands. Its ring has room for a tenth of a second of a busy mongod, and on a busy
// host who opens messages waits longer than that for a turn. A thread that runs before others, and copies, keeps it
// empty.
class CommandRing {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CommandRing>> open(const bpf_map* commands);
  ~CommandRing();
  CommandRing(const CommandRing&) = delete;
  CommandRing& operator=(const CommandRing&) = delete;

  // Hands over everything there is, in order. One caller at a time.
  void take(EventHandler& handler);
  // Readable when there is something to take.
  [[nodiscard]] int descriptor() const { return ready_.get(); }

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  CommandRing();
  static int received(void* self, void* data, size_t size);
  void keep_empty();
  void hold();

  std::unique_ptr<ring_buffer, Free> ring_;
  UniqueFd ready_;  // an eventfd
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::string held_;  // out of the ring: records, each behind its size
  std::string taken_;
  std::thread mover_;  // keep_empty()
};

}  // namespace mme

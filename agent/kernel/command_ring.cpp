// SPDX-License-Identifier: Apache-2.0
#include "kernel/command_ring.h"

#include <bpf/libbpf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "kernel/events.h"
#include "mme/abi.h"

namespace mme {
namespace {

constexpr size_t kHeldBytesMax = 2U << 20U;  // then the rest stays in the ring
constexpr size_t kRecordBytesMax = sizeof(uint32_t) + sizeof(mme_piece);
static_assert(sizeof(mme_piece) > sizeof(mme_capture));

void hand_over(EventHandler& handler, std::string_view record) {
  mme_mongo_exchange exchange{};
  if (record.size() < sizeof exchange) return;
  std::memcpy(&exchange, record.data(), sizeof exchange);
  record.remove_prefix(sizeof exchange);
  const std::string_view request = record.substr(0, exchange.request_kept);
  const std::string_view reply = record.substr(request.size(), exchange.reply_kept);
  handler.command(exchange, request, reply);
}

// Before all that has no real-time priority; where that is not allowed (CAP_SYS_NICE), as all of the agent.
void run_before_others() {
  sched_param priority{};
  priority.sched_priority = sched_get_priority_min(SCHED_RR);
  (void)pthread_setschedparam(pthread_self(), SCHED_RR, &priority);
}

}  // namespace

void CommandRing::Free::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

// All memory that it will have: who allocates waits for others that do.
CommandRing::CommandRing() : ready_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  held_.reserve(kHeldBytesMax + kRecordBytesMax);
  taken_.reserve(held_.capacity());
}

Result<std::unique_ptr<CommandRing>> CommandRing::open(const bpf_map* commands) {
  std::unique_ptr<CommandRing> opened(new CommandRing());
  if (!opened->ready_.valid()) return fail_errno("make an eventfd", errno);
  opened->ring_.reset(ring_buffer__new(bpf_map__fd(commands), received, opened.get(), nullptr));
  if (!opened->ring_) return fail_errno("map the BPF ring buffer commands", errno);
  opened->mover_ = std::thread([ring = opened.get()] { ring->keep_empty(); });
  return opened;
}

CommandRing::~CommandRing() {
  stopping_ = true;
  if (mover_.joinable()) mover_.join();
}

int CommandRing::received(void* self, void* data, size_t size) {
  std::string& held = static_cast<CommandRing*>(self)->held_;
  const auto bytes = static_cast<uint32_t>(size);
  held.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
  held.append(static_cast<const char*>(data), bytes);
  return held.size() < kHeldBytesMax ? 0 : -ENOBUFS;
}

void CommandRing::hold() {
  const std::lock_guard lock(mutex_);
  if (held_.size() < kHeldBytesMax) (void)ring_buffer__consume(ring_.get());
  if (!held_.empty()) (void)::eventfd_write(ready_.get(), 1);
}

void CommandRing::keep_empty() {
  constexpr int kWaitMs = 100;
  constexpr std::chrono::milliseconds kGather{1};  // not a turn for each command
  run_before_others();
  while (!stopping_) {
    pollfd ready{ring_buffer__epoll_fd(ring_.get()), POLLIN, 0};
    if (::poll(&ready, 1, kWaitMs) <= 0) continue;
    hold();
    std::this_thread::sleep_for(kGather);
  }
}

void CommandRing::take(EventHandler& handler) {
  constexpr int kTurns = 2;  // what is held, and what there was no more room for
  for (int turn = 0; turn < kTurns; ++turn) {
    hold();
    {
      eventfd_t count = 0;
      const std::lock_guard lock(mutex_);
      (void)::eventfd_read(ready_.get(), &count);
      taken_.swap(held_);
    }
    uint32_t bytes = 0;
    for (std::string_view rest = taken_; rest.size() >= sizeof bytes; rest.remove_prefix(bytes)) {
      std::memcpy(&bytes, rest.data(), sizeof bytes);
      rest.remove_prefix(sizeof bytes);
      hand_over(handler, rest.substr(0, bytes));
    }
    taken_.clear();
  }
}

}  // namespace mme

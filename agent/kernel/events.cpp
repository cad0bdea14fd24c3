// SPDX-License-Identifier: Apache-2.0
#include "kernel/events.h"

#include <bpf/libbpf.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace mme {

void EventReader::Free::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

Result<EventReader> EventReader::open(const bpf_map* events) {
  EventReader reader;
  reader.handler_ = std::make_unique<EventHandler*>(nullptr);
  reader.ring_.reset(ring_buffer__new(bpf_map__fd(events), received, reader.handler_.get(), nullptr));
  if (!reader.ring_) return fail_errno("map the BPF ring buffer events", errno);
  return reader;
}

int EventReader::received(void* handler, void* data, size_t size) {
  EventHandler& take = **static_cast<EventHandler**>(handler);
  const uint32_t type = size < sizeof(mme_route_exchange) ? 0 : *static_cast<const uint32_t*>(data);
  if (type == MME_EVENT_QUESTION && size >= sizeof(mme_route_question)) {
    const auto& question = *static_cast<const mme_route_question*>(data);
    const size_t kept = std::min<size_t>(question.head_bytes, size - sizeof question);
    take.question(question, {static_cast<const char*>(data) + sizeof question, kept});
  } else if (type == MME_EVENT_EXCHANGE) {
    take.exchange(*static_cast<const mme_route_exchange*>(data));
  }
  return 0;
}

void EventReader::take(EventHandler& handler) {
  *handler_ = &handler;
  (void)ring_buffer__consume(ring_.get());
  *handler_ = nullptr;
}

void EventReader::wait(std::chrono::milliseconds timeout) const {
  pollfd ready{ring_buffer__epoll_fd(ring_.get()), POLLIN, 0};
  (void)::poll(&ready, 1, static_cast<int>(timeout.count()));
}

}  // namespace mme

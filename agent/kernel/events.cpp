// SPDX-License-Identifier: Apache-2.0
#include "kernel/events.h"

#include <bpf/libbpf.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "kernel/map_entries.h"

namespace mme {

void EventReader::Free::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

Result<EventReader> EventReader::open(const Maps& maps) {
  EventReader reader;
  reader.legs_wanted_ = maps.legs_wanted;
  reader.legs_lost_ = maps.legs_lost;
  reader.slow_from_ns_ = maps.slow_from_ns;
  reader.handler_ = std::make_unique<EventHandler*>(nullptr);
  reader.ring_.reset(ring_buffer__new(bpf_map__fd(maps.events), received, reader.handler_.get(), nullptr));
  if (!reader.ring_) return fail_errno("map the BPF ring buffer events", errno);
  // the order in which they are read: an exchange that is handed over now has its other leg in there already
  const int added = ring_buffer__add(reader.ring_.get(), bpf_map__fd(maps.legs), received, reader.handler_.get());
  if (added != 0) return fail_errno("map the BPF ring buffer legs", -added);
  auto commands = CommandRing::open(maps.commands);
  if (!commands) return tl::make_unexpected(commands.error());
  reader.commands_ = std::move(*commands);
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
  } else if (type == MME_EVENT_LEG) {
    take.leg(*static_cast<const mme_route_exchange*>(data));
  }
  return 0;
}

void EventReader::take(EventHandler& handler) {
  *handler_ = &handler;
  (void)ring_buffer__consume(ring_.get());
  *handler_ = nullptr;
  commands_->take(handler);
}

void EventReader::wait(std::chrono::milliseconds timeout) const {
  std::array<pollfd, 2> ready{{{ring_buffer__epoll_fd(ring_.get()), POLLIN, 0}, {commands_->descriptor(), POLLIN, 0}}};
  (void)::poll(ready.data(), ready.size(), static_cast<int>(timeout.count()));
}

Result<> EventReader::want_legs(bool wanted) const {
  const uint32_t key = 0;
  const uint32_t value = wanted ? 1 : 0;
  if (bpf_map__update_elem(legs_wanted_, &key, sizeof key, &value, sizeof value, BPF_ANY) != 0) {
    return fail_errno("write the BPF map legs_wanted", errno);
  }
  return {};
}

Result<uint64_t> EventReader::legs_lost() const {
  return sum_of_cpus(legs_lost_, 0);
}

Result<> EventReader::set_slow_from(std::optional<std::chrono::nanoseconds> duration) const {
  const uint32_t key = 0;
  const uint64_t from = duration ? static_cast<uint64_t>(std::max<int64_t>(duration->count(), 1)) : 0;
  if (bpf_map__update_elem(slow_from_ns_, &key, sizeof key, &from, sizeof from, BPF_ANY) != 0) {
    return fail_errno("write the BPF map slow_from_ns", errno);
  }
  return {};
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/listener_tracker.h"

#include <algorithm>

namespace mme {
namespace {

constexpr auto walk_again_after = std::chrono::seconds(30);

}  // namespace

tl::expected<void, int> ListenerTracker::update(const ProcReader& proc, pid_t pid,
                                                const std::vector<ListenSocket>& in_namespace, Clock::time_point now) {
  if (now >= next_walk_) {
    foreign_.clear();
    next_walk_ = now + walk_again_after;
  }
  std::map<uint64_t, int> fds;
  std::set<uint64_t> foreign;
  std::set<uint64_t> unknown;
  for (const auto& socket : in_namespace) {
    const auto held = fds_.find(socket.inode);
    if (held != fds_.end() && proc.holds_socket(pid, held->second, socket.inode)) {
      fds.insert(*held);
    } else if (foreign_.contains(socket.inode)) {
      foreign.insert(socket.inode);
    } else if (socket.inode != 0) {
      unknown.insert(socket.inode);
    }
  }
  if (!unknown.empty()) {
    const auto found = proc.sockets(pid, unknown);
    if (!found) {
      next_walk_ = now;  // nothing is known about them yet
      return tl::make_unexpected(found.error());
    }
    fds.insert(found->begin(), found->end());
    for (const uint64_t inode : unknown) {
      if (!found->contains(inode)) foreign.insert(inode);
    }
  }
  fds_ = std::move(fds);
  foreign_ = std::move(foreign);
  owned_.clear();
  std::copy_if(in_namespace.begin(), in_namespace.end(), std::back_inserter(owned_),
               [&](const ListenSocket& socket) { return fds_.contains(socket.inode); });
  std::sort(owned_.begin(), owned_.end());
  return {};
}

void ListenerTracker::assume(std::vector<ListenSocket> sockets) {
  owned_ = std::move(sockets);
  std::sort(owned_.begin(), owned_.end());
}

void ListenerTracker::drop_closed(const ProcReader& proc, pid_t pid) {
  std::erase_if(fds_, [&](const auto& held) { return !proc.holds_socket(pid, held.second, held.first); });
  std::erase_if(owned_, [&](const ListenSocket& socket) { return !fds_.contains(socket.inode); });
}

}  // namespace mme

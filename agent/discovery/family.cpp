// SPDX-License-Identifier: Apache-2.0
#include "discovery/family.h"

#include <algorithm>
#include <set>

namespace mme {

std::vector<Candidate> one_per_server(std::vector<Candidate> candidates,
                                      const std::function<bool(pid_t, pid_t)>& descends) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.start_ticks, a.pid) < std::pair(b.start_ticks, b.pid);
  });
  std::set<uint64_t> taken;
  std::set<pid_t> shadows;  // had sockets, but all of them are another's
  for (auto& candidate : candidates) {
    const size_t held = candidate.sockets.size();
    std::erase_if(candidate.sockets, [&](const ListenSocket& socket) { return taken.contains(socket.inode); });
    for (const auto& socket : candidate.sockets) taken.insert(socket.inode);
    if (held > 0 && candidate.sockets.empty()) shadows.insert(candidate.pid);
  }
  std::vector<Candidate> kept;
  for (const auto& candidate : candidates) {
    const bool silent = candidate.sockets.empty();
    const bool superseded = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& other) {
      if (other.pid == candidate.pid || other.rule != candidate.rule) return false;
      if (descends(candidate.pid, other.pid)) return true;  // a silent child of a matched parent
      return !other.sockets.empty() && descends(other.pid, candidate.pid);
    });
    if (shadows.contains(candidate.pid) || (silent && superseded)) continue;
    kept.push_back(candidate);
  }
  return kept;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/leg_matching.h"

#include <algorithm>

namespace mme {
namespace {

constexpr size_t kNone = SIZE_MAX;

class Matching {
 public:
  Matching(const std::vector<LegCandidates>& candidates, const std::vector<bool>& doubtful)
      : candidates_(candidates), doubtful_(doubtful), taken_(candidates.size(), kNone), taker_(doubtful.size(), kNone) {
    std::vector<size_t> tried(doubtful.size(), kNone);
    for (size_t request = 0; request < candidates.size(); ++request) (void)assign(request, request, tried);
  }

  [[nodiscard]] std::vector<std::vector<size_t>> result() {
    find_uncertain();
    find_groups();
    std::vector<std::vector<size_t>> result(candidates_.size());
    for (size_t request = 0; request < result.size(); ++request) {
      if (uncertain_[request]) continue;
      result[request].push_back(taken_[request]);
      for (const size_t other : candidates_[request].suiting) {
        if (other != taken_[request] && group_[taker_[other]] == group_[request]) result[request].push_back(other);
      }
    }
    return result;
  }

 private:
  // Finds a leg for the request, where others that have one may have to take another one.
  bool assign(size_t request, size_t round, std::vector<size_t>& tried) {
    for (const size_t upstream : candidates_[request].suiting) {
      if (tried[upstream] == round) continue;
      tried[upstream] = round;
      if (taker_[upstream] != kNone && !assign(taker_[upstream], round, tried)) continue;
      taker_[upstream] = request;
      taken_[request] = upstream;
      return true;
    }
    return false;
  }

  void find_uncertain() {
    uncertain_.assign(candidates_.size(), false);
    std::vector<size_t> found;
    const auto reach = [&](size_t request) {
      if (uncertain_[request]) return;
      uncertain_[request] = true;
      found.push_back(request);
    };
    // who may have none: such a one, and whose leg it may have taken
    for (size_t request = 0; request < candidates_.size(); ++request) {
      if (taken_[request] == kNone) reach(request);
    }
    for (size_t at = 0; at < found.size(); ++at) {
      for (const size_t upstream : candidates_[found[at]].suiting) reach(taker_[upstream]);
    }
    const std::vector<std::vector<size_t>> around = requests_around();
    for (size_t upstream = 0; upstream < taker_.size(); ++upstream) {
      if (taker_[upstream] != kNone && !doubtful_[upstream]) continue;
      for (const size_t request : around[upstream]) reach(request);
    }
    for (size_t at = 0; at < found.size(); ++at) {
      if (taken_[found[at]] == kNone) continue;
      for (const size_t request : around[taken_[found[at]]]) reach(request);
    }
  }

  // By upstream leg: within which requests it lies.
  [[nodiscard]] std::vector<std::vector<size_t>> requests_around() const {
    std::vector<std::vector<size_t>> around(taker_.size());
    for (size_t request = 0; request < candidates_.size(); ++request) {
      for (const size_t upstream : candidates_[request].within) around[upstream].push_back(request);
    }
    return around;
  }

  // Requests that can exchange their legs in a circle: strongly connected components (Tarjan 1972).
  void find_groups() {
    group_.assign(candidates_.size(), kNone);
    index_.assign(candidates_.size(), kNone);
    low_.assign(candidates_.size(), kNone);
    for (size_t request = 0; request < candidates_.size(); ++request) {
      if (index_[request] == kNone && !uncertain_[request]) visit(request);
    }
  }

  void visit(size_t request) {
    index_[request] = low_[request] = next_index_++;
    stack_.push_back(request);
    for (const size_t upstream : candidates_[request].suiting) {
      const size_t other = taker_[upstream];
      if (index_[other] == kNone) {
        visit(other);
        low_[request] = std::min(low_[request], low_[other]);
      } else if (group_[other] == kNone) {
        low_[request] = std::min(low_[request], index_[other]);
      }
    }
    if (low_[request] != index_[request]) return;
    while (group_[request] == kNone) {
      group_[stack_.back()] = request;
      stack_.pop_back();
    }
  }

  const std::vector<LegCandidates>& candidates_;
  const std::vector<bool>& doubtful_;  // by upstream leg
  std::vector<size_t> taken_;          // by request
  std::vector<size_t> taker_;          // by upstream leg
  std::vector<bool> uncertain_;        // by request
  std::vector<size_t> group_, index_, low_;
  std::vector<size_t> stack_;
  size_t next_index_ = 0;
};

}  // namespace

std::vector<std::vector<size_t>> match_legs(const std::vector<LegCandidates>& candidates,
                                            const std::vector<bool>& doubtful) {
  return Matching(candidates, doubtful).result();
}

}  // namespace mme

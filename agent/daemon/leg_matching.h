// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mme {

// The upstream legs in question for one request, by index, ascending.
struct LegCandidates {
  std::vector<size_t> suiting;  // that look like its own; never empty
  std::vector<size_t> within;   // that a middleware may have made it need, whatever they look like; all of the above
};

// Which legs each request may have taken: first the one of an assignment that suits as many requests as can be. Empty:
// it is not certain, or not yet.
//
// A leg is loose that no request needs, or only one that is uncertain itself, and each that is `doubtful`. A request is
// uncertain if a loose leg lies within it, and if it may be one that has no leg. For all others each request took one
// leg that suits it, and each leg was taken: what follows is the filtering of the alldifferent constraint (Régin 1994,
// "A filtering algorithm for constraints of difference in CSPs"). So those that may have each other's legs are certain
// together or not at all.
[[nodiscard]] std::vector<std::vector<size_t>> match_legs(const std::vector<LegCandidates>& candidates,
                                                          const std::vector<bool>& doubtful);

}  // namespace mme

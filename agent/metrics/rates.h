// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/quantile.h"
#include "metrics/snapshot.h"

namespace mme {

enum class GroupKind : uint8_t { entrypoint, route, router, upstream, mongo };
[[nodiscard]] std::string_view to_string(GroupKind kind);

// What an operator looks at as one line: an entrypoint, one of the own routes, a router, an upstream server, a MongoDB
// command; of one target.
struct GroupKey {
  GroupKind kind = GroupKind::entrypoint;
  std::string target;
  std::string name;  // HttpSeries::leg or MongoSeries::command

  auto operator<=>(const GroupKey&) const = default;
};

// Counters of a group: since the agent began, or of the time between two Totals.
struct GroupCounts {
  uint64_t requests = 0;
  uint64_t errors = 0;  // HTTP: 5xx; MongoDB: outcome error
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  uint64_t sum_ns = 0;
  FineBuckets buckets{};
};

struct GroupTotals {
  GroupKey key;
  GroupCounts counts;
};

// All groups of a Snapshot: a few kilobytes each, O(groups), so that one of some seconds ago can be kept.
struct Totals {
  double monotonic_s = 0;
  std::vector<GroupTotals> groups;  // ascending by key
};

[[nodiscard]] Totals totals(const Snapshot& snapshot);

// Quantities of a group over some time.
struct GroupFigures {
  uint64_t requests = 0;
  uint64_t errors = 0;
  double requests_per_second = 0;
  double errors_per_second = 0;
  std::optional<double> mean_s, p50_s, p95_s, p99_s;  // nothing without requests
};

// `seconds` <= 0: the rates are 0.
[[nodiscard]] GroupFigures figures(const GroupCounts& counts, double seconds);

// What happened between the two, one for each group of `after`, in its order. A group that is not in `before` is
// counted from zero; so is a counter that went back, for then its map is a new one.
[[nodiscard]] std::vector<GroupTotals> difference(const Totals& before, const Totals& after);

}  // namespace mme

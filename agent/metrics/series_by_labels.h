// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/snapshot.h"

namespace mme {

[[nodiscard]] HttpSeries series_of(HttpLabels labels, Latency latency, uint64_t request_bytes, uint64_t response_bytes);

// HTTP series while they are gathered. What has the same labels is one series.
class SeriesByLabels {
 public:
  // The counts of a RawSeries or an HttpSeries.
  template <typename Counts>
  void add(const HttpLabels& labels, const Counts& counts) {
    add(labels, counts.latency, counts.request_bytes, counts.response_bytes);
  }

  void add(const SeriesByLabels& other);
  // Leaves out what has nothing left. `what` is a part of the own counts.
  void subtract(const SeriesByLabels& what);

  // The own series with these targets and names make room for those of `from`.
  using Names = std::set<std::pair<std::string, std::string>>;
  void replace(const Names& names, const SeriesByLabels& from);

  // Takes the series of `other`; of those that both have, the larger of each counter: of two counters that only grow,
  // it only grows too.
  void take_larger(const SeriesByLabels& other);

  [[nodiscard]] SeriesByLabels without_targets() const;

  [[nodiscard]] std::vector<HttpSeries> sorted() const;  // ascending by their labels

 private:
  void add(const HttpLabels& labels, const Latency& latency, uint64_t request_bytes, uint64_t response_bytes);

  struct Counts {
    Latency latency;
    uint64_t request_bytes = 0;
    uint64_t response_bytes = 0;
  };
  std::map<HttpLabels, Counts> series_;
};

}  // namespace mme

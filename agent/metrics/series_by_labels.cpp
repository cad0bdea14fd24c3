// SPDX-License-Identifier: Apache-2.0
#include "metrics/series_by_labels.h"

#include <utility>

#include "metrics/resolve.h"

namespace mme {

HttpSeries series_of(HttpLabels labels, Latency latency, uint64_t request_bytes, uint64_t response_bytes) {
  return {.target = std::move(labels.target),
          .leg = std::move(labels.leg),
          .method = std::move(labels.method),
          .protocol = std::move(labels.protocol),
          .code = std::move(labels.code),
          .latency = std::move(latency),
          .request_bytes = request_bytes,
          .response_bytes = response_bytes,
          .name = std::move(labels.name),
          .url = std::move(labels.url),
          .service = std::move(labels.service)};
}

void SeriesByLabels::add(const HttpLabels& labels, const Latency& latency, uint64_t request_bytes,
                         uint64_t response_bytes) {
  Counts& counts = series_[labels];
  mme::add(counts.latency, latency);
  counts.request_bytes += request_bytes;
  counts.response_bytes += response_bytes;
}

void SeriesByLabels::take_larger(const SeriesByLabels& other) {
  for (const auto& [labels, counts] : other.series_) {
    const auto [own, inserted] = series_.try_emplace(labels, counts);
    if (!inserted && counts.latency.count() > own->second.latency.count()) own->second = counts;
  }
}

SeriesByLabels SeriesByLabels::without_targets() const {
  SeriesByLabels all;
  for (const auto& [labels, counts] : series_) {
    HttpLabels shared = labels;
    shared.target.clear();
    all.add(shared, counts);
  }
  return all;
}

std::vector<HttpSeries> SeriesByLabels::sorted() const {
  std::vector<HttpSeries> sorted;
  sorted.reserve(series_.size());
  for (const auto& [labels, counts] : series_) {
    sorted.push_back(series_of(labels, counts.latency, counts.request_bytes, counts.response_bytes));
  }
  return sorted;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/text.h"

namespace mme {

// Series that are one sample: they differ by labels that are not shown.
template <typename Series>
struct Run {
  std::string labels;
  std::span<const Series> series;
};

// Neighbours with the same `key`; resolve() sorted by these labels, the target last.
template <typename Series, typename Key>
std::vector<Run<Series>> runs(const std::vector<Series>& all, Key key, std::string (*labels)(const Series&)) {
  std::vector<Run<Series>> result;
  result.reserve(all.size());
  for (size_t begin = 0; begin < all.size();) {
    size_t end = begin + 1;
    while (end < all.size() && key(all[begin]) == key(all[end])) ++end;
    result.push_back({labels(all[begin]), std::span<const Series>(&all[begin], end - begin)});
    begin = end;
  }
  return result;
}

template <typename Series>
uint64_t count(std::span<const Series> run) {
  uint64_t total = 0;
  for (const Series& series : run) total += series.latency.count();
  return total;
}

template <typename Series>
uint64_t sum(std::span<const Series> run, uint64_t Series::*field) {
  uint64_t total = 0;
  for (const Series& series : run) total += series.*field;
  return total;
}

// The exact counts of the configured bounds, of all series of a run, cumulative as Prometheus wants them.
template <typename Series>
HistogramSample histogram(const std::vector<double>& bounds_s, std::span<const Series> run) {
  HistogramSample histogram;
  histogram.cumulative.reserve(bounds_s.size());
  uint64_t cumulative = 0;
  for (size_t i = 0; i < bounds_s.size(); ++i) {
    for (const Series& series : run) {
      if (i < series.latency.bounds.size()) cumulative += series.latency.bounds[i];
    }
    histogram.cumulative.push_back(cumulative);
  }
  uint64_t sum_ns = 0;
  for (const Series& series : run) sum_ns += series.latency.sum_ns;
  histogram.count = count(run);
  histogram.sum = static_cast<double>(sum_ns) / 1e9;
  return histogram;
}

}  // namespace mme

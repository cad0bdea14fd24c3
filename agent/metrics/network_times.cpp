// SPDX-License-Identifier: Apache-2.0
#include "metrics/network_times.h"

#include <numeric>

#include "metrics/text.h"
#include "mme/histogram.h"

namespace mme {

size_t NetworkTimes::bucket(uint64_t ns) {
  return mme_network_bound_index((ns + 999) / 1000);
}

void NetworkTimes::add(uint64_t ns) {
  counts.at(bucket(ns))++;
  sum_ns += ns;
}

void NetworkTimes::add(const NetworkTimes& other) {
  for (size_t i = 0; i < counts.size(); ++i) counts.at(i) += other.counts.at(i);
  sum_ns += other.sum_ns;
}

uint64_t NetworkTimes::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

const std::vector<double>& network_bounds_s() {
  static const std::vector<double> bounds = [] {
    std::vector<double> seconds;
    for (const uint32_t us : mme_network_bounds_us) seconds.push_back(us / 1e6);
    return seconds;
  }();
  return bounds;
}

HistogramSample histogram(const NetworkTimes& times) {
  HistogramSample sample;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < MME_NETWORK_BOUNDS; ++i) sample.cumulative.push_back(cumulative += times.counts.at(i));
  sample.count = times.count();
  sample.sum = static_cast<double>(times.sum_ns) / 1e9;
  return sample;
}

}  // namespace mme

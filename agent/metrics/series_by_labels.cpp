// SPDX-License-Identifier: Apache-2.0
#include "metrics/series_by_labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "metrics/resolve.h"

namespace mme {
namespace {

// The larger of each cumulative count: as each of them only grows, so does it, and it is a histogram's again.
std::vector<uint64_t> larger(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  std::vector<uint64_t> result(std::max(a.size(), b.size()));
  uint64_t of_a = 0, of_b = 0, before = 0;
  for (size_t i = 0; i < result.size(); ++i) {
    of_a += i < a.size() ? a[i] : 0;
    of_b += i < b.size() ? b[i] : 0;
    const uint64_t cumulative = std::max(of_a, of_b);
    result[i] = cumulative - std::exchange(before, cumulative);
  }
  return result;
}

std::vector<Latency::Bucket> larger(const std::vector<Latency::Bucket>& a, const std::vector<Latency::Bucket>& b) {
  std::vector<Latency::Bucket> result;
  uint64_t of_a = 0, of_b = 0, before = 0;
  for (auto at = a.begin(), bt = b.begin(); at != a.end() || bt != b.end();) {
    const uint32_t index = at == a.end() || (bt != b.end() && bt->index < at->index) ? bt->index : at->index;
    if (at != a.end() && at->index == index) of_a += (at++)->count;
    if (bt != b.end() && bt->index == index) of_b += (bt++)->count;
    const uint64_t cumulative = std::max(of_a, of_b);
    if (cumulative > before) result.push_back({index, cumulative - std::exchange(before, cumulative)});
  }
  return result;
}

}  // namespace

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

void SeriesByLabels::add(const SeriesByLabels& other) {
  for (const auto& [labels, counts] : other.series_) add(labels, counts);
}

void SeriesByLabels::subtract(const SeriesByLabels& what) {
  for (const auto& [labels, counts] : what.series_) {
    const auto own = series_.find(labels);
    if (own == series_.end()) continue;
    mme::subtract(own->second.latency, counts.latency);
    own->second.request_bytes -= std::min(own->second.request_bytes, counts.request_bytes);
    own->second.response_bytes -= std::min(own->second.response_bytes, counts.response_bytes);
    if (own->second.latency.count() == 0) series_.erase(own);
  }
}

void SeriesByLabels::replace(const Names& names, const SeriesByLabels& from) {
  const auto named = [&](const auto& one) { return names.contains({one.first.target, one.first.name}); };
  std::erase_if(series_, named);
  std::copy_if(from.series_.begin(), from.series_.end(), std::inserter(series_, series_.end()), named);
}

void SeriesByLabels::take_larger(const SeriesByLabels& other) {
  for (const auto& [labels, counts] : other.series_) {
    const auto [own, inserted] = series_.try_emplace(labels, counts);
    if (inserted) continue;
    Latency& latency = own->second.latency;
    latency.bounds = larger(latency.bounds, counts.latency.bounds);
    latency.buckets = larger(latency.buckets, counts.latency.buckets);
    latency.sum_ns = std::max(latency.sum_ns, counts.latency.sum_ns);
    own->second.request_bytes = std::max(own->second.request_bytes, counts.request_bytes);
    own->second.response_bytes = std::max(own->second.response_bytes, counts.response_bytes);
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

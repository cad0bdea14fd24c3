// SPDX-License-Identifier: Apache-2.0
#include "metrics/ledger.h"

#include <algorithm>
#include <utility>

#include "metrics/names.h"
#include "metrics/resolve.h"

namespace mme {
namespace {

std::string key_of(const mme_series_key& key) {
  return {reinterpret_cast<const char*>(&key), sizeof key};
}

// `what` is a part of `from`, or `from` began anew and has less.
uint64_t without(uint64_t from, uint64_t what) {
  return from >= what ? from - what : 0;
}

void subtract_counts(RawSeries& from, const RawSeries& what) {
  Latency& latency = from.latency;
  for (size_t i = 0; i < std::min(latency.bounds.size(), what.latency.bounds.size()); ++i) {
    latency.bounds[i] = without(latency.bounds[i], what.latency.bounds[i]);
  }
  auto taken = what.latency.buckets.begin();
  for (Latency::Bucket& bucket : latency.buckets) {
    while (taken != what.latency.buckets.end() && taken->index < bucket.index) ++taken;
    if (taken != what.latency.buckets.end() && taken->index == bucket.index)
      bucket.count = without(bucket.count, taken->count);
  }
  std::erase_if(latency.buckets, [](const Latency::Bucket& bucket) { return bucket.count == 0; });
  latency.sum_ns = without(latency.sum_ns, what.latency.sum_ns);
  from.request_bytes = without(from.request_bytes, what.request_bytes);
  from.response_bytes = without(from.response_bytes, what.response_bytes);
}

bool is_http(const mme_series_key& key) {
  return key.family == MME_FAMILY_ENTRYPOINT || key.family == MME_FAMILY_UPSTREAM;
}

}  // namespace

void Ledger::settle(KernelSnapshot raw, const ResolveContext& before, const ResolveContext& after) {
  for (RawSeries& series : raw.series) {
    if (!is_http(series.key)) continue;
    HttpLabels labels = http_labels(before, series.key);
    if (labels == http_labels(after, series.key) || is_unnamed(labels)) continue;
    RawSeries since = series;
    RawSeries& taken = taken_[key_of(series.key)];
    subtract_counts(since, taken);
    taken = std::move(series);
    keep(std::move(labels), std::move(since));
  }
}

void Ledger::keep(HttpLabels labels, RawSeries counts) {
  if (counts.latency.count() == 0) return;
  auto& kept = kept_[counts.key.family];
  if (!kept.contains(labels) && kept.size() >= series_max_) {
    mme_series_key other = counts.key;
    other.other = 1;
    labels = http_labels({}, other);
  }
  const auto [at, inserted] = kept.try_emplace(std::move(labels), counts);
  if (!inserted) add(at->second, counts);
}

void Ledger::subtract(KernelSnapshot& raw) const {
  if (taken_.empty()) return;
  for (RawSeries& series : raw.series) {
    const auto taken = is_http(series.key) ? taken_.find(key_of(series.key)) : taken_.end();
    if (taken != taken_.end()) subtract_counts(series, taken->second);
  }
}

std::vector<Ledger::Settled> Ledger::settled(uint8_t family) const {
  std::vector<Settled> all;
  const auto kept = kept_.find(family);
  if (kept == kept_.end()) return all;
  all.reserve(kept->second.size());
  for (const auto& [labels, counts] : kept->second) all.push_back({labels, counts});
  return all;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/ledger.h"

#include <algorithm>
#include <utility>

#include "base/raw_bytes.h"
#include "metrics/names.h"
#include "metrics/resolve.h"
#include "metrics/service_series.h"

namespace mme {
namespace {

bool is_http(const mme_series_key& key) {
  return key.family == MME_FAMILY_ENTRYPOINT || key.family == MME_FAMILY_UPSTREAM;
}

}  // namespace

void Ledger::settle(KernelSnapshot raw, const ResolveContext& before, const ResolveContext& after) {
  const SeriesByLabels::Names counted_anew = services_counted_anew(before, after);
  const ServiceViews views = counted_anew.empty() ? ServiceViews{} : service_views(raw, before, *this);
  settle_names(raw, before, after);
  if (!counted_anew.empty()) services_.settle(counted_anew, views, service_views(std::move(raw), after, *this));
}

void Ledger::settle_names(const KernelSnapshot& raw, const ResolveContext& before, const ResolveContext& after) {
  for (const RawSeries& series : raw.series) {
    if (!is_http(series.key)) continue;
    HttpLabels labels = http_labels(before, series.key);
    if (labels == http_labels(after, series.key) || is_unnamed(labels)) continue;
    const Key key = raw_bytes(series.key);
    if (others_.contains(key)) continue;
    RawSeries since = series;
    RawSeries& taken = taken_[key];
    mme::subtract(since, taken);
    taken = series;
    auto& kept = kept_[since.key.family];
    if (since.latency.count() > 0) {
      const auto [at, inserted] = kept.try_emplace(std::move(labels), since);
      if (!inserted) add(at->second, since);
    }
    if (kept.size() >= series_max_) others_.insert(key);
  }
}

void Ledger::subtract(KernelSnapshot& raw) const {
  if (taken_.empty()) return;
  for (RawSeries& series : raw.series) {
    if (!is_http(series.key)) continue;
    const Key key = raw_bytes(series.key);
    const auto taken = taken_.find(key);
    if (taken == taken_.end()) continue;
    mme::subtract(series, taken->second);
    if (others_.contains(key)) raw.series_overflow.at(series.key.family) += series.latency.count();
  }
}

HttpLabels Ledger::labels(const ResolveContext& context, const mme_series_key& key) const {
  mme_series_key place = key;
  if (!others_.empty() && others_.contains(raw_bytes(key))) place.other = 1;
  return http_labels(context, place);
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

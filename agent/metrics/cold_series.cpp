// SPDX-License-Identifier: Apache-2.0
#include "metrics/cold_series.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/raw_bytes.h"

namespace mme {
namespace {

constexpr double kEveryS = 30;
constexpr uint64_t kTimesUsual = 10;

struct Change {
  const std::vector<mme_series_key>* series;
  uint64_t exchanges;
};

bool is_colder(const Change& one, const Change& other) {
  return one.exchanges < other.exchanges;
}

// The part of a key that every family shows. Those of the same shown labels go together, or a counter would go down.
mme_series_key shown_part(mme_series_key key) {
  key.target = 0;
  key.variant = 0;
  key.method = 0;
  return key;
}

// Those without are shown as one, `unknown`.
bool has_names(const mme_series_key& key, const WireNames& names) {
  return std::all_of(std::begin(key.name), std::end(key.name),
                     [&](uint64_t hash) { return hash == 0 || names.contains(hash); });
}

}  // namespace

std::vector<mme_series_key> ColdSeries::choose(const KernelSnapshot& now) {
  next_s_ = now.monotonic_s + kEveryS;
  std::map<Key, uint64_t> exchanges;
  std::map<Key, std::vector<mme_series_key>> series;
  for (const RawSeries& one : now.series) {
    if (one.key.family != MME_FAMILY_MONGO || one.key.other != 0 || !has_names(one.key, *now.names)) continue;
    const Key key = raw_bytes(shown_part(one.key));
    exchanges[key] += one.latency.count();
    series[key].push_back(one.key);
  }
  std::vector<Change> changes;  // of those that were there all the time
  for (const auto& [key, count] : exchanges) {
    const auto before = exchanges_.find(key);
    if (before != exchanges_.end()) changes.push_back({&series.at(key), count - std::min(count, before->second)});
  }
  exchanges_ = std::move(exchanges);
  const uint64_t overflow = now.series_overflow[MME_FAMILY_MONGO];
  if (std::exchange(overflow_, overflow) == overflow || changes.empty()) return {};

  std::stable_sort(changes.begin(), changes.end(), is_colder);
  const uint64_t usual = changes[changes.size() / 2].exchanges;
  const size_t most = most_ - std::min<size_t>(most_, now.retired_places);
  std::vector<mme_series_key> cold;
  for (const Change& change : changes) {
    if (change.exchanges != 0 && change.exchanges * kTimesUsual >= usual) break;
    if (cold.size() + change.series->size() > most) break;
    cold.insert(cold.end(), change.series->begin(), change.series->end());
  }
  return cold;
}

}  // namespace mme

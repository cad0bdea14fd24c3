// SPDX-License-Identifier: Apache-2.0
#include "metrics/cold_series.h"

#include <algorithm>
#include <utility>

#include "base/raw_bytes.h"

namespace mme {
namespace {

constexpr double kEveryS = 30;
constexpr uint64_t kTimesUsual = 10;

struct Change {
  mme_series_key key;
  uint64_t exchanges;
};

bool is_colder(const Change& one, const Change& other) {
  return one.exchanges < other.exchanges;
}

}  // namespace

std::vector<mme_series_key> ColdSeries::choose(const KernelSnapshot& now) {
  next_s_ = now.monotonic_s + kEveryS;
  std::map<Key, uint64_t> exchanges;
  std::map<Key, mme_series_key> keys;
  for (const RawSeries& series : now.series) {
    if (series.key.family != MME_FAMILY_MONGO || series.key.other != 0) continue;
    const Key key = raw_bytes(series.key);
    exchanges[key] += series.latency.count();
    keys.emplace(key, series.key);
  }
  std::vector<Change> changes;  // of those that were there all the time
  for (const auto& [key, count] : exchanges) {
    const auto before = exchanges_.find(key);
    if (before != exchanges_.end()) changes.push_back({keys.at(key), count - std::min(count, before->second)});
  }
  exchanges_ = std::move(exchanges);
  const uint64_t overflow = now.series_overflow[MME_FAMILY_MONGO];
  if (std::exchange(overflow_, overflow) == overflow || changes.empty()) return {};

  std::stable_sort(changes.begin(), changes.end(), is_colder);
  const uint64_t usual = changes[changes.size() / 2].exchanges;
  std::vector<mme_series_key> cold;
  for (const Change& change : changes) {
    if (cold.size() == most_ || (change.exchanges != 0 && change.exchanges * kTimesUsual >= usual)) break;
    cold.push_back(change.key);
  }
  return cold;
}

}  // namespace mme

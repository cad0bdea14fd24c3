// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/recent_map.h"
#include "mme/abi.h"

namespace mme {

// What is known of connections, by socket cookie, until they are closed: a RecentMap that samples empty.
template <typename Value>
class ByConnection {
 public:
  explicit ByConnection(size_t most) : entries_(most) {}

  // As in RecentMap.
  [[nodiscard]] const Value* find(uint64_t cookie) const {
    const Entry* entry = entries_.find(cookie);
    return entry == nullptr ? nullptr : &entry->value;
  }
  [[nodiscard]] Value* use(uint64_t cookie) {
    Entry* entry = entries_.use(cookie);
    return entry == nullptr ? nullptr : &entry->value;
  }
  Value& operator[](uint64_t cookie) {
    Entry& entry = entries_[cookie];
    entry.sample = samples_;
    return entry.value;
  }
  void erase(uint64_t cookie) { entries_.erase(cookie); }

  // `open`: all that are open. Those that two samples in a row miss go: what the programs tell of a connection may come
  // before a sample has it, or after none has it any more.
  void forget_closed(const std::vector<mme_in_flight>& open) {
    ++samples_;
    if (entries_.size() == 0) return;
    for (const mme_in_flight& connection : open) {
      if (Entry* entry = entries_.find(connection.cookie)) entry->sample = samples_;
    }
    entries_.erase_if([&](const auto& entry) { return entry.second.sample + 1 < samples_; });
  }

 private:
  struct Entry {
    Value value{};
    uint64_t sample = 0;  // the last one that had it, or before which it was written
  };

  RecentMap<uint64_t, Entry> entries_;
  uint64_t samples_ = 0;
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace mme {

// A map of at most `most` entries, at least one: a further one takes the place of that which was not used for longest.
// Used is what use() or operator[] asked for; find() is no use. References stay good until their entry goes.
template <typename Key, typename Value>
class RecentMap {
 public:
  using Entry = std::pair<const Key, Value>;

  explicit RecentMap(size_t most) : most_(most) {}

  // Null: it is not there.
  [[nodiscard]] Value* use(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  [[nodiscard]] const Value* find(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }

  // A new one is Value{}.
  Value& operator[](const Key& key) {
    if (Value* known = use(key)) return *known;
    if (entries_.size() >= most_) erase(entries_.back().first);
    entries_.emplace_front(key, Value{});
    places_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  void erase(Key key) {  // by value: it may be that of the entry
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

  // Those of which `goes(const Entry&)` is true.
  template <typename Goes>
  void erase_if(const Goes& goes) {
    for (auto at = entries_.begin(); at != entries_.end();) {
      if (!goes(*at)) {
        ++at;
        continue;
      }
      places_.erase(at->first);
      at = entries_.erase(at);
    }
  }

  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  size_t most_;
  std::list<Entry> entries_;  // the one used last first
  std::unordered_map<Key, typename std::list<Entry>::iterator> places_;
};

}  // namespace mme

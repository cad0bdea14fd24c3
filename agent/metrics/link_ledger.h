// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "metrics/first_bytes.h"
#include "metrics/http_labels.h"
#include "metrics/links.h"

namespace mme {

// What links have counted under names that they have no more, as Ledger keeps it for series.
class LinkLedger {
 public:
  // Once it holds so many names, links whose names change go on in `_other`.
  explicit LinkLedger(size_t names_max) : names_max_(names_max) {}

  // Names change from those of `before` to those of `after`: what was counted until now keeps the old ones. Counts of a
  // server or port that had none go to its first.
  void settle(const std::vector<RawLink>& links, const std::vector<RawFirstBytes>& first_bytes,
              const ResolveContext& before, const ResolveContext& after);

  // Subtracts what is settled, and adds it as entries with names of their own.
  void apply(std::vector<RawLink>& links, std::vector<RawFirstBytes>& first_bytes) const;

  // Of one kind of entries.
  template <typename Raw, typename Counts>
  struct Book {
    std::set<std::string> others;                                  // keys of links that go on in `_other`
    std::map<std::string, Counts> taken;                           // by key
    std::map<std::tuple<LinkNames, uint16_t, uint8_t>, Raw> kept;  // by names, target and role
  };

 private:
  size_t names_max_;
  Book<RawLink, mme_link> links_;
  Book<RawFirstBytes, mme_first_bytes> first_bytes_;
};

}  // namespace mme

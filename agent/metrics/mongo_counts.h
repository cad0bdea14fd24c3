// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "mme/abi.h"

namespace mme {

inline constexpr std::array kMongoCounts{&mme_mongo_counts::awaited,        &mme_mongo_counts::unacknowledged,
                                         &mme_mongo_counts::cursors_opened, &mme_mongo_counts::cursors_exhausted,
                                         &mme_mongo_counts::cursors_killed, &mme_mongo_counts::documents,
                                         &mme_mongo_counts::bytes};
static_assert(kMongoCounts.size() * sizeof(__u64) == sizeof(mme_mongo_counts));

inline void add(const mme_mongo_counts& counts, mme_mongo_counts& to) {
  for (const auto count : kMongoCounts) to.*count += counts.*count;
}

// By command id; a command that is not there has none.
using MongoCountsById = std::vector<mme_mongo_counts>;

inline void add(const MongoCountsById& counts, MongoCountsById& to) {
  if (to.size() < counts.size()) to.resize(counts.size());
  for (size_t id = 0; id < counts.size(); ++id) add(counts[id], to[id]);
}

struct MongoCommandCounts {
  std::string command;
  mme_mongo_counts counts{};
};

}  // namespace mme

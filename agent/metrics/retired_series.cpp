// SPDX-License-Identifier: Apache-2.0
#include "metrics/retired_series.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/raw_bytes.h"
#include "metrics/resolve.h"

namespace mme {

void add_retired(RetiredSeries& all, RawSeries series) {
  std::fill(std::begin(series.key.name), std::end(series.key.name), 0);
  std::string key = raw_bytes(series.key);
  const auto known = all.find(key);
  if (known == all.end())
    all.emplace(std::move(key), std::move(series));
  else
    add(known->second, series);
}

}  // namespace mme

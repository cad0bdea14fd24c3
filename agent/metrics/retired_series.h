// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "metrics/kernel_snapshot.h"

namespace mme {

// What series had counted that made room for others, by the bytes of their keys without names.
using RetiredSeries = std::map<std::string, RawSeries>;

void add_retired(RetiredSeries& all, RawSeries series);

}  // namespace mme

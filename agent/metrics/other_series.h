// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "mme/abi.h"

namespace mme {

// The key of a family's `_other` series, as the programs have it.
[[nodiscard]] inline mme_series_key other_series(uint8_t family) {
  mme_series_key key{};
  key.family = family;
  key.other = 1;
  return key;
}

}  // namespace mme

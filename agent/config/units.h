// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace mme {

inline constexpr std::string_view kDurationForm = "a duration such as 100ms, 1.5s or 10m";
inline constexpr std::string_view kSizeForm = "a size such as 512KiB, 10MiB or 1GiB";

// "100ms", "1.5s": one number, not negative, and its unit, one of ns us ms s m h d. At most 36500 days.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

// "10MiB": a whole number and its unit, one of B KiB MiB GiB. At most 2^50 bytes.
[[nodiscard]] Result<uint64_t> parse_size(std::string_view text);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mme {

// "2024-05-01T12:34:56.789Z": in UTC, with so many digits of the second's fraction (1 to 9), the rest cut off.
[[nodiscard]] std::string to_rfc3339(std::chrono::system_clock::time_point time, int fraction_digits);

// The same back, with any fraction or none. Nothing for another offset than Z, for what is no date, and outside of the
// years 1678 to 2261, which the clock's nanoseconds reach.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace mme

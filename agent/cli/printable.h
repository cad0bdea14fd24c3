// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mme {

// `text` for a terminal: what could move its cursor, colour it or reorder its letters is written as \xNN or \u{NNNN},
// as are bytes that are not UTF-8, and the backslash as itself.
[[nodiscard]] std::string printable(std::string_view text);

// Characters of printable text, taken as one column each.
[[nodiscard]] size_t columns(std::string_view text);

// Cut to `width` columns, the last one `~` where something was cut, or filled with blanks to it.
[[nodiscard]] std::string left(std::string_view text, size_t width);
[[nodiscard]] std::string right(std::string_view text, size_t width);

// "1.2ms", "850us", "12.3s": three digits; "-" for nothing. "1.5 MiB". "3d4h", "2m5s".
[[nodiscard]] std::string duration_text(double seconds);
[[nodiscard]] std::string bytes_text(double bytes);
[[nodiscard]] std::string uptime_text(double seconds);

}  // namespace mme

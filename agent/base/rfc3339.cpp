// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace mme {
namespace {

constexpr int kFractionDigits = 9;
constexpr int kYearMin = 1678;
constexpr int kYearMax = 2261;

// Takes `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return number;
}

// Such a field between its separator and the next; false: it is not there or above `highest`.
bool take_field(std::string_view& text, char separator, int highest, int& number) {
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(1);
  const auto found = take_digits(text, 2);
  number = found.value_or(0);
  return found && number <= highest;
}

// Behind the point, where there is one.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return std::chrono::nanoseconds{0};
  text.remove_prefix(1);
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return std::nullopt;
  int64_t nanoseconds = 0;
  for (size_t i = 0; i < kFractionDigits; ++i) nanoseconds = nanoseconds * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return std::chrono::nanoseconds{nanoseconds};
}

}  // namespace

std::string to_rfc3339(std::chrono::system_clock::time_point time, int fraction_digits) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  auto fraction = std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds).count();
  for (int digit = fraction_digits; digit < kFractionDigits; ++digit) fraction /= 10;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:0{}d}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     fraction, fraction_digits);
}

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  int month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!year || *year < kYearMin || *year > kYearMax) return std::nullopt;
  if (!take_field(text, '-', 12, month) || !take_field(text, '-', 31, day)) return std::nullopt;
  if (!take_field(text, 'T', 23, hour) || !take_field(text, ':', 59, minute)) return std::nullopt;
  if (!take_field(text, ':', 59, second)) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + *fraction;
}

}  // namespace mme

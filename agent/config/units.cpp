// SPDX-License-Identifier: Apache-2.0
#include "config/units.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "config/message.h"

namespace mme {
namespace {

constexpr double kDurationMax_ns = 36500 * 86400e9;
constexpr double kSizeMax = static_cast<double>(uint64_t{1} << 50U);

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kDurations[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},   {"s", 1e9},
                               {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
constexpr Unit kSizes[] = {{"B", 1}, {"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U}};

// "one of ns, us, ms"
std::string names_of(std::span<const Unit> units) {
  std::string names;
  for (const Unit& unit : units) names.append(names.empty() ? "one of " : ", ").append(unit.name);
  return names;
}

// How many of the smallest unit.
Result<double> parse(std::string_view text, std::span<const Unit> units, double highest) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
  if (digits == 0 || problem != std::errc{} || end != text.data() + digits) {
    return fail(in_quotes(text) + " does not begin with a number");
  }
  const std::string_view name = text.substr(digits);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number * unit.factor > highest) return fail(in_quotes(text) + " is out of range");
    return number * unit.factor;
  }
  if (name.empty()) return fail(in_quotes(text) + " has no unit, " + names_of(units));
  return fail(in_quotes(name) + " is no unit, " + names_of(units));
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  return parse(text, kDurations, kDurationMax_ns).map([](double ns) {
    return std::chrono::nanoseconds(std::llround(ns));
  });
}

Result<uint64_t> parse_size(std::string_view text) {
  if (text.find('.') != std::string_view::npos) return fail(in_quotes(text) + " has a fraction");
  return parse(text, kSizes, kSizeMax).map([](double bytes) { return static_cast<uint64_t>(bytes); });
}

}  // namespace mme

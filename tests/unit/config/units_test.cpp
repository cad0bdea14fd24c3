// SPDX-License-Identifier: Apache-2.0
#include "config/units.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using namespace std::chrono_literals;

std::string problem_of(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? std::string() : duration.error().message;
}

std::string problem_of_size(std::string_view text) {
  const auto size = parse_size(text);
  return size ? std::string() : size.error().message;
}

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("0ms").value(), 0ns);
  EXPECT_EQ(parse_duration("7ns").value(), 7ns);
  EXPECT_EQ(parse_duration("50us").value(), 50us);
  EXPECT_EQ(parse_duration("100ms").value(), 100ms);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("10m").value(), 10min);
  EXPECT_EQ(parse_duration("2h").value(), 2h);
  EXPECT_EQ(parse_duration("36500d").value(), 36500 * 24h);
}

TEST(Units, NoDurations) {
  EXPECT_EQ(problem_of(""), "\"\" does not begin with a number");
  EXPECT_EQ(problem_of("ms"), "\"ms\" does not begin with a number");
  EXPECT_EQ(problem_of("-1s"), "\"-1s\" does not begin with a number");
  EXPECT_EQ(problem_of("1.2.3s"), "\"1.2.3s\" does not begin with a number");
  EXPECT_EQ(problem_of(".s"), "\".s\" does not begin with a number");
  EXPECT_EQ(problem_of("100"), "\"100\" has no unit, one of ns, us, ms, s, m, h, d");
  EXPECT_EQ(problem_of("100 ms"), "\" ms\" is no unit, one of ns, us, ms, s, m, h, d");
  EXPECT_EQ(problem_of("1h30m"), "\"h30m\" is no unit, one of ns, us, ms, s, m, h, d");
  EXPECT_EQ(problem_of("36501d"), "\"36501d\" is out of range");
  EXPECT_FALSE(parse_duration(std::string(400, '9') + "s").has_value());
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("1B").value(), 1U);
  EXPECT_EQ(parse_size("64KiB").value(), 65536U);
  EXPECT_EQ(parse_size("10MiB").value(), 10U << 20U);
  EXPECT_EQ(parse_size("1024GiB").value(), uint64_t{1} << 40U);
  EXPECT_EQ(problem_of_size("10"), "\"10\" has no unit, one of B, KiB, MiB, GiB");
  EXPECT_EQ(problem_of_size("10MB"), "\"MB\" is no unit, one of B, KiB, MiB, GiB");
  EXPECT_EQ(problem_of_size("1.5MiB"), "\"1.5MiB\" has a fraction");
  EXPECT_EQ(problem_of_size("9999999GiB"), "\"9999999GiB\" is out of range");
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "config/message.h"

#include "support.h"

namespace mme {
namespace {

constexpr std::string_view kKnown[] = {"web",   "targets", "histogram", "limits", "log",
                                       "debug", "info",    "warn",      "error"};

TEST(Nearest, FindsSlips) {
  EXPECT_EQ(nearest("target", kKnown), "targets");
  EXPECT_EQ(nearest("tragets", kKnown), "targets");
  EXPECT_EQ(nearest("histogramm", kKnown), "histogram");
  EXPECT_EQ(nearest("Limits", kKnown), "limits");
  EXPECT_EQ(nearest("wbe", kKnown), "web");
  EXPECT_EQ(nearest("warning", kKnown), "warn");
  EXPECT_EQ(nearest("err", kKnown), "error");
}

TEST(Nearest, LeavesTheRestAlone) {
  EXPECT_EQ(nearest("metrics", kKnown), std::nullopt);
  EXPECT_EQ(nearest("w", kKnown), std::nullopt);
  EXPECT_EQ(nearest("", kKnown), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 'w'), kKnown), std::nullopt);
}

TEST(InQuotes, EscapesAndCuts) {
  EXPECT_EQ(in_quotes("a\"b\\c\nd\xff"), "\"a\\\"b\\\\c\\u000ad\uFFFD\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), '"' + std::string(60, 'x') + "…\"");
}

TEST(ConfigErrorText, HasWhatThereIs) {
  EXPECT_EQ(to_string(ConfigError{"f", 0, 0, "", "is odd", ""}), "f: is odd");
  EXPECT_EQ(to_string(ConfigError{"f", 3, 5, "a.b", "is odd", "make it even"}), "f:3:5: a.b: is odd; make it even");
}

}  // namespace
}  // namespace mme

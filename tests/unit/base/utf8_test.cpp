// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, ReadsEveryLength) {
  EXPECT_EQ(first_character("a").length, 1u);
  EXPECT_EQ(first_character("\u00e9x").code, U'\u00e9');
  EXPECT_EQ(first_character("\u20acx").length, 3u);
  EXPECT_EQ(first_character("\U0001F600").code, U'\U0001F600');
  EXPECT_EQ(first_character("\0a"sv).length, 1u);
  EXPECT_EQ(first_character("").length, 0u);
}

TEST(Utf8, RefusesWhatIsNotUtf8) {
  for (const std::string_view bytes : {
           "\x80"sv,              // continuation without a lead
           "\xff"sv,              // never a byte of UTF-8
           "\xc3"sv,              // cut
           "\xe2\x82"sv,          // cut
           "\xe2(\xa1"sv,         // no continuation
           "\xc0\xaf"sv,          // overlong /
           "\xe0\x80\xaf"sv,      // overlong /
           "\xed\xa0\x80"sv,      // surrogate
           "\xf4\x90\x80\x80"sv,  // above U+10FFFF
           "\xf8\x88\x80\x80"sv,  // five bytes
       }) {
    EXPECT_EQ(first_character(bytes).length, 0u) << testing::PrintToString(bytes);
    EXPECT_FALSE(is_printable_text(bytes));
  }
}

TEST(Utf8, KnowsWhatBreaksALine) {
  for (const std::string_view text : {"a\nb"sv, "\r"sv, "\t"sv, "\0"sv, "\x7f"sv, "\u0085"sv, "\u2028"sv, "\u2029"sv}) {
    EXPECT_FALSE(is_printable_text(text)) << testing::PrintToString(text);
  }
  EXPECT_TRUE(is_printable_text("caf\u00e9 \U0001F600 \"quoted\""));
  EXPECT_TRUE(is_printable_text(""));
}

}  // namespace
}  // namespace mme

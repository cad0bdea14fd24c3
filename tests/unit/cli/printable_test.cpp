// SPDX-License-Identifier: Apache-2.0
#include "cli/printable.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(Printable, KeepsText) {
  EXPECT_EQ(printable("memories/größe €"), "memories/größe €");
}

TEST(Printable, EscapesWhatMovesATerminal) {
  EXPECT_EQ(printable("\x1b[31mred\a\n"), "\\x1b[31mred\\x07\\x0a");
  EXPECT_EQ(printable("\xc2\x9b"), "\\u{009b}");        // CSI in one character
  EXPECT_EQ(printable("a\xe2\x80\xae"), "a\\u{202e}");  // writes to the left from here
  EXPECT_EQ(printable("a\xff"), "a\\xff");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Columns, CutAndFilled) {
  EXPECT_EQ(columns("größe"), 5U);
  EXPECT_EQ(left("ab", 4), "ab  ");
  EXPECT_EQ(left("größe", 5), "größe");
  EXPECT_EQ(left("größer", 5), "größ~");
  EXPECT_EQ(right("7", 3), "  7");
  EXPECT_EQ(right("1234", 3), "1234");
}

TEST(Units, Durations) {
  EXPECT_EQ(duration_text(0.00000123), "1.23us");
  EXPECT_EQ(duration_text(0.000999), "999us");
  EXPECT_EQ(duration_text(0.0009996), "1.00ms");
  EXPECT_EQ(duration_text(0.0149), "14.9ms");
  EXPECT_EQ(duration_text(1.5), "1.50s");
  EXPECT_EQ(duration_text(128), "128s");
}

TEST(Units, Bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.00 KiB");
  EXPECT_EQ(bytes_text(1e18), "888 PiB");
}

TEST(Units, Uptime) {
  EXPECT_EQ(uptime_text(59.9), "59s");
  EXPECT_EQ(uptime_text(61), "1m1s");
  EXPECT_EQ(uptime_text(3700), "1h1m");
  EXPECT_EQ(uptime_text(90000), "1d1h");
}

}  // namespace
}  // namespace mme

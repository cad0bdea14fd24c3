// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

const std::vector<Column> kColumns = {{"NAME"}, {"N", true}, {"NOTE"}, {"TEXT"}};

TEST(Table, AsWideAsItsCells) {
  Table table(kColumns, std::nullopt, false);
  EXPECT_EQ(table.add({{"größe", "7", "", "one"}, {"a", "1234", "", ""}}),
            "NAME      N  TEXT\n"
            "größe     7  one\n"
            "a      1234\n");
  EXPECT_EQ(table.add({{"wider than before", "1", "not shown", "two"}}), "wider than before     1  two\n");
  EXPECT_EQ(table.add({{"b", "1", "", "three"}}), "b                     1  three\n");
}

TEST(Table, KeepsEmptyColumns) {
  Table table(kColumns, std::nullopt, true);
  EXPECT_EQ(table.add({{"a", "1", "", "x"}}), "NAME  N  NOTE  TEXT\na     1        x\n");
}

TEST(Table, IsCutToTheTerminal) {
  Table table(kColumns, 45, false);
  const std::string long_text(50, 'x');
  EXPECT_EQ(table.add({{long_text, "1", "", long_text}}),
            "NAME                              N  TEXT\n" + std::string(31, 'x') + "~  1  xxxxxxx~\n");
}

TEST(Table, NothingMovesTheTerminal) {
  Table table({{"A"}}, std::nullopt, false);
  EXPECT_EQ(table.add({{"\x1b[31m\n\xff"}}), "A\n\\x1b[31m\\x0a\\xff\n");
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mme {

struct Column {
  std::string title;
  bool to_the_right = false;  // numbers
};

// Columns that are as wide as what they hold. Cells may hold any bytes: they are made printable. With a `width` no line
// is longer and no column but the last wider than 32; without one nothing is cut.
class Table {
 public:
  using Row = std::vector<std::string>;  // a cell a column

  // `keep_empty`: also show columns in which the first rows have nothing, for there are more to come.
  Table(std::vector<Column> columns, std::optional<size_t> width, bool keep_empty);

  // The rows, below the titles if they are the first. Later ones widen columns but do not narrow them.
  [[nodiscard]] std::string add(const std::vector<Row>& rows);

 private:
  [[nodiscard]] std::string line(const Row& cells) const;

  std::vector<Column> columns_;
  std::optional<size_t> width_;
  bool keep_empty_;
  bool begun_ = false;
  std::vector<size_t> widths_;  // 0: not shown
};

}  // namespace mme

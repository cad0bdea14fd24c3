// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/printable.h"

namespace mme {
namespace {

constexpr size_t kColumnMax = 32;
constexpr std::string_view kGap = "  ";

}  // namespace

Table::Table(std::vector<Column> columns, std::optional<size_t> width, bool keep_empty)
    : columns_(std::move(columns)), width_(width), keep_empty_(keep_empty), widths_(columns_.size()) {}

std::string Table::add(const std::vector<Row>& rows) {
  std::vector<Row> cells;
  for (const Row& row : rows) {
    Row& shown = cells.emplace_back();
    for (const std::string& cell : row) shown.push_back(printable(cell));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = 0;
    for (const Row& row : cells) widest = std::max(widest, columns(row[i]));
    if (!begun_ && (widest > 0 || keep_empty_)) widths_[i] = columns(columns_[i].title);
    if (widths_[i] == 0) continue;
    const bool cut = width_ && i + 1 < columns_.size();
    widths_[i] = std::max(widths_[i], cut ? std::min(widest, kColumnMax) : widest);
  }
  std::string text;
  if (!std::exchange(begun_, true)) {
    Row titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    text = line(titles);
  }
  for (const Row& row : cells) text += line(row);
  return text;
}

std::string Table::line(const Row& cells) const {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (!text.empty()) text += kGap;
    // Cut first: right() only fills.
    const std::string cell = columns(cells[i]) > widths_[i] ? left(cells[i], widths_[i]) : cells[i];
    text += columns_[i].to_the_right ? right(cell, widths_[i]) : left(cell, widths_[i]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  if (width_ && columns(text) > *width_) text = left(text, std::max<size_t>(*width_, 1));
  return text + "\n";
}

}  // namespace mme

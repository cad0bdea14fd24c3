// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/table.h"
#include "mongo/slow_files.h"
#include "mongo/slow_groups.h"

namespace mme {

// Slow commands for a person, one a line. `width`: of the terminal; none: nothing is cut. Columns that are empty are
// left out, and so are the targets where there is only one; with `more_to_come` neither is.
[[nodiscard]] Table slow_table(std::optional<size_t> width, bool more_to_come);
[[nodiscard]] std::vector<Table::Row> slow_rows(const std::vector<mongo::SlowLine>& lines, bool more_to_come);

[[nodiscard]] std::string slow_groups_text(const std::vector<mongo::SlowGroup>& groups, std::optional<size_t> width);

}  // namespace mme

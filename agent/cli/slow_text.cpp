// SPDX-License-Identifier: Apache-2.0
#include "cli/slow_text.h"

#include <algorithm>
#include <chrono>

#include "base/rfc3339.h"
#include "cli/printable.h"

namespace mme {
namespace {

std::string duration(std::chrono::nanoseconds duration) {
  return duration_text(std::chrono::duration<double>(duration).count());
}

std::string error(const mongo::SlowCommand& command) {
  if (!command.error_name.empty()) return command.error_name;
  return command.error ? std::to_string(*command.error) : "";
}

// "05-01 12:34:56.789": what is slow is seldom looked for a year later, and the shape needs the room.
std::string time(const mongo::SlowCommand& command) {
  std::string text = to_rfc3339(command.time, 3).substr(5, 18);
  text[5] = ' ';
  return text;
}

// What was asked for: with its values if the file has them; "-": it was not seen.
std::string asked(const mongo::SlowCommand& command) {
  if (!command.literals && !command.fingerprint) return "-";
  return command.literals ? *command.literals : command.shape + (command.shape_complete ? "" : " …");
}

}  // namespace

Table slow_table(std::optional<size_t> width, bool more_to_come) {
  return {{{"TIME (UTC)"},
           {"DURATION", true},
           {"TARGET"},
           {"COMMAND"},
           {"NAMESPACE"},
           {"DOCS", true},
           {"REPLY", true},
           {"ERROR"},
           {"APP"},
           {"SHAPE"}},
          width,
          more_to_come};
}

std::vector<Table::Row> slow_rows(const std::vector<mongo::SlowLine>& lines, bool more_to_come) {
  const bool of_one = std::all_of(lines.begin(), lines.end(), [&](const mongo::SlowLine& line) {
    return line.command.target == lines.front().command.target;
  });
  const bool targets = more_to_come || !of_one;
  std::vector<Table::Row> rows;
  for (const auto& [text, command] : lines) {
    rows.push_back({time(command), duration(command.duration), targets ? command.target : "", command.command,
                    namespace_of(command), command.documents ? std::to_string(*command.documents) : "",
                    bytes_text(static_cast<double>(command.response_bytes)), error(command), command.application,
                    asked(command)});
  }
  return rows;
}

std::string slow_groups_text(const std::vector<mongo::SlowGroup>& groups, std::optional<size_t> width) {
  Table table({{"TOTAL", true},
               {"COUNT", true},
               {"P50", true},
               {"P95", true},
               {"MAX", true},
               {"COMMAND"},
               {"NAMESPACE"},
               {"APP"},
               {"SHAPE"}},
              width, false);
  std::vector<Table::Row> rows;
  for (const mongo::SlowGroup& group : groups) {
    rows.push_back({duration(group.total), std::to_string(group.count), duration(group.p50), duration(group.p95),
                    duration(group.max), group.command, group.name_space, group.application, group.shape});
  }
  return table.add(rows);
}

}  // namespace mme

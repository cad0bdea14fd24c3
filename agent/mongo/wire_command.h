// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace mme::mongo {

// A command of which only the first bytes may be there. Views into what was read.
struct WireCommand {
  std::string_view name;      // the first key of its document, "find"
  std::string_view document;  // kind 0, with its length
  // kind 1: document sequences by name, "documents"; the documents in a row
  std::vector<std::pair<std::string_view, std::string_view>> sequences;
  bool cut = false;
};

// `body` is what follows the header of 16 bytes: flags and sections
// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg); of `whole_bytes` that there were.
// Nothing: no command begins there.
[[nodiscard]] std::optional<WireCommand> read_command(std::string_view body, size_t whole_bytes);

// The same of an OP_QUERY to a "<database>.$cmd", by which drivers begin a connection
// (https://www.mongodb.com/docs/manual/legacy-opcodes/#op_query).
[[nodiscard]] std::optional<WireCommand> read_query(std::string_view body, size_t whole_bytes);

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "mongo/wire_command.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "mongo/bson_reader.h"

namespace mme::mongo {
namespace {

constexpr size_t kChecksumBytes = 4;

// The `size` bytes that `rest` says it begins with, as many as there are; taken out of it. Nothing: less than a length.
std::optional<std::string_view> take_sized(std::string_view& rest, bool& cut) {
  uint32_t size = 0;
  if (rest.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, rest.data(), sizeof size);
  if (size < sizeof size) return std::nullopt;
  cut = cut || size > rest.size();
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(taken.size());
  return taken;
}

// The command is in front, or, with what else a query may have, in `$query`.
void find_name(WireCommand& command) {
  auto first = BsonReader(command.document).next();
  if (first && first->key == "$query" && first->type == MME_BSON_DOCUMENT) {
    command.document = first->value;
    first = BsonReader(command.document).next();
  }
  if (first) command.name = first->key;
}

}  // namespace

std::optional<WireCommand> read_command(std::string_view body, size_t whole_bytes) {
  const bool is_part = body.size() < whole_bytes;
  uint32_t flags = 0;
  if (body.size() < sizeof flags) return std::nullopt;
  std::memcpy(&flags, body.data(), sizeof flags);
  body.remove_prefix(sizeof flags);
  const size_t behind = (flags & 1) != 0 && !is_part ? kChecksumBytes : 0;
  WireCommand command;
  while (body.size() > behind && !command.cut) {
    const char kind = body.front();
    body.remove_prefix(1);
    const auto section = take_sized(body, command.cut);
    if (!section || (kind != 0 && kind != 1)) {
      command.cut = true;
    } else if (kind == 0) {
      command.document = *section;
    } else {
      const std::string_view content = section->substr(4);
      const size_t end = content.find('\0');
      if (end == std::string_view::npos)
        command.cut = true;
      else
        command.sequences.emplace_back(content.substr(0, end), content.substr(end + 1));
    }
  }
  command.cut = command.cut || is_part;
  if (const auto first = BsonReader(command.document).next()) command.name = first->key;
  if (command.name.empty()) return std::nullopt;
  return command;
}

std::optional<WireCommand> read_query(std::string_view body, size_t whole_bytes) {
  constexpr size_t kFlagBytes = 4;
  constexpr size_t kCountBytes = 8;  // numberToSkip, numberToReturn
  WireCommand command;
  command.cut = body.size() < whole_bytes;
  const size_t end = body.find('\0', std::min(kFlagBytes, body.size()));
  if (end == std::string_view::npos || !body.substr(0, end).ends_with(".$cmd")) return std::nullopt;
  body.remove_prefix(std::min(end + 1 + kCountBytes, body.size()));
  command.document = take_sized(body, command.cut).value_or(std::string_view());
  find_name(command);
  if (command.name.empty()) return std::nullopt;
  return command;
}

}  // namespace mme::mongo

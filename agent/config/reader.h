// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/message.h"

namespace mme {

// A value in its document, with the way to it.
struct Cursor {
  const Node* node = nullptr;
  Position at;       // of the value; of its key where the value is empty
  Position key_at;   // of its key; in a list the same as `at`
  std::string path;  // "targets.traefik[0].pid"
};

// The members of a map by key.
using Members = std::map<std::string, Cursor, std::less<>>;
[[nodiscard]] const Cursor* find(const Members& members, std::string_view key);  // null: not there

// A key that a map may have. `available` false: designed, not yet made; using it is an error of its own.
struct KnownKey {
  std::string_view name;
  bool available = true;
};

// Takes typed values out of a document and keeps every error. A getter gives nothing when the value is wrong and has
// then added its error.
class Reader {
 public:
  Reader(const Document& document, std::string file) : document_(document), file_(std::move(file)) {}

  [[nodiscard]] Cursor root() const;

  // The members of a map by key; an empty value counts as an empty map. Duplicate keys are errors.
  Members members(const Cursor& map);
  // The same, where only these keys may be; others are errors and left out.
  Members members(const Cursor& map, std::span<const KnownKey> known);

  std::optional<std::vector<Cursor>> items(const Cursor& list, std::string_view of_what);

  // Text without control characters. `what` completes "expected …".
  std::optional<std::string> text(const Cursor& value, std::string_view what);
  // `text`, that is or stands beside `value`, where it is short enough for a label value.
  std::optional<std::string> label(const Cursor& value, std::string text);
  std::optional<int64_t> whole_number(const Cursor& value, int64_t lowest, int64_t highest);
  std::optional<double> number(const Cursor& value, std::string_view what);
  std::optional<bool> flag(const Cursor& value);
  // One of a closed set.
  std::optional<std::string> choice(const Cursor& value, std::span<const std::string_view> known);

  void error(const Cursor& value, std::string problem, std::string mend = {});
  void error_at(Position at, std::string path, std::string problem, std::string mend = {});

  // In the order of the text, at most kConfigErrorsMax and a word about the rest. Leaves none behind.
  [[nodiscard]] ConfigErrors take_errors();

 private:
  [[nodiscard]] Cursor child(const Cursor& parent, const Node::Child& child, std::string path) const;
  void wrong_type(const Cursor& value, std::string_view what);

  const Document& document_;
  std::string file_;
  ConfigErrors errors_;
};

inline constexpr size_t kConfigErrorsMax = 100;

}  // namespace mme

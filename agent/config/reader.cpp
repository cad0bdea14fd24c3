// SPDX-License-Identifier: Apache-2.0
#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/utf8.h"

namespace mme {
namespace {

constexpr size_t kLabelBytesMax = 128;

std::string list_of(std::span<const std::string_view> names) {
  std::string result;
  for (const std::string_view name : names) {
    if (!result.empty()) result += ", ";
    result += name;
  }
  return result;
}

enum class NumberKind { none, whole, real };

// Decimal only: 0x1f, 0o17, 017, 1_000 and +1 are read differently by different YAML versions.
NumberKind number_kind(const Node& node) {
  if (node.kind != NodeKind::scalar || !node.plain || node.text.empty()) return NumberKind::none;
  std::string_view digits = node.text;
  if (digits.front() == '-') digits.remove_prefix(1);
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF") return NumberKind::real;
  if (node.text == ".nan" || node.text == ".NaN" || node.text == ".NAN") return NumberKind::real;
  const size_t first = digits.starts_with('.') ? 1 : 0;
  if (digits.size() <= first || digits[first] < '0' || digits[first] > '9') return NumberKind::none;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return NumberKind::none;
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) return NumberKind::whole;
  double ignored = 0;
  const char* end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, ignored).ptr == end ? NumberKind::real : NumberKind::none;
}

bool is_flag(const Node& node) {
  constexpr std::string_view flags[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
  return node.plain && std::find(std::begin(flags), std::end(flags), node.text) != std::end(flags);
}

// "is a list", "3 is a number", …: what a value of the wrong type is instead.
std::string what_it_is(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "has no value";
    case NodeKind::list:
      return "is a list";
    case NodeKind::map:
      return "is a map";
    case NodeKind::scalar:
      break;
  }
  if (number_kind(node) != NumberKind::none) return shown(node.text) + " is a number";
  if (is_flag(node)) return shown(node.text) + " is true or false";
  return in_quotes(node.text) + (node.plain ? " is text" : " is quoted, so it is text");
}

}  // namespace

const Cursor* find(const Members& members, std::string_view key) {
  const auto found = members.find(key);
  return found == members.end() ? nullptr : &found->second;
}

Cursor Reader::root() const {
  const Node& node = document_.nodes.front();
  return {&node, node.at, node.at, {}};
}

Cursor Reader::child(const Cursor& parent, const Node::Child& child, std::string path) const {
  const Node& node = document_.nodes[child.node];
  const Position key_at = child.key_at.line > 0 ? child.key_at : node.at;
  if (node.kind != NodeKind::null) return {&node, node.at, key_at, std::move(path)};
  // yaml-cpp gives an empty value the position of whatever follows.
  const Position at = child.key_at.line > 0 ? child.key_at : parent.at;
  return {&node, at, at, std::move(path)};
}

Members Reader::members(const Cursor& map) {
  Members found;
  if (map.node->kind == NodeKind::null) return found;
  if (map.node->kind != NodeKind::map) {
    wrong_type(map, "a map (key: value)");
    return found;
  }
  for (const Node::Child& entry : map.node->children) {
    Cursor value = child(map, entry, key_path(map.path, entry.key));
    const auto [first, inserted] = found.try_emplace(entry.key, value);
    if (!inserted) {
      error_at(value.key_at, value.path, fmt::format("given twice, first on line {}", first->second.key_at.line),
               "remove one of them");
    }
  }
  return found;
}

Members Reader::members(const Cursor& map, std::span<const KnownKey> known) {
  std::vector<std::string_view> names;
  for (const KnownKey& key : known) {
    if (key.available) names.push_back(key.name);
  }
  auto found = members(map);
  for (auto entry = found.begin(); entry != found.end();) {
    const auto key =
        std::find_if(known.begin(), known.end(), [&](const KnownKey& one) { return one.name == entry->first; });
    if (key != known.end() && key->available) {
      ++entry;
      continue;
    }
    const Cursor& value = entry->second;
    if (key != known.end()) {
      error_at(value.key_at, value.path, "known, but not available in this version", "remove it");
    } else if (const auto close = nearest(entry->first, names)) {
      error_at(value.key_at, value.path, "unknown key", fmt::format("did you mean {}?", *close));
    } else {
      error_at(value.key_at, value.path, "unknown key", "known here: " + list_of(names));
    }
    entry = found.erase(entry);
  }
  return found;
}

std::optional<std::vector<Cursor>> Reader::items(const Cursor& list, std::string_view of_what) {
  if (list.node->kind != NodeKind::list) {
    wrong_type(list, fmt::format("a list of {}", of_what));
    return std::nullopt;
  }
  std::vector<Cursor> found;
  for (const Node::Child& entry : list.node->children) {
    found.push_back(child(list, entry, fmt::format("{}[{}]", list.path, found.size())));
  }
  return found;
}

std::optional<std::string> Reader::text(const Cursor& value, std::string_view what) {
  const Node& node = *value.node;
  if (node.kind != NodeKind::scalar || number_kind(node) != NumberKind::none || is_flag(node)) {
    wrong_type(value, what);
    return std::nullopt;
  }
  if (node.text.empty()) {
    error(value, "is empty", fmt::format("expected {}", what));
    return std::nullopt;
  }
  if (!is_printable_text(node.text)) {
    error(value, in_quotes(node.text) + " has control characters", fmt::format("expected {}", what));
    return std::nullopt;
  }
  return node.text;
}

std::optional<std::string> Reader::label(const Cursor& value, std::string text) {
  if (text.size() <= kLabelBytesMax) return text;
  error(value, fmt::format("has {} bytes", text.size()), fmt::format("expected at most {}", kLabelBytesMax));
  return std::nullopt;
}

std::optional<int64_t> Reader::whole_number(const Cursor& value, int64_t lowest, int64_t highest) {
  const std::string what = fmt::format("a whole number from {} to {}", lowest, highest);
  const Node& node = *value.node;
  switch (number_kind(node)) {
    case NumberKind::none:
      wrong_type(value, what);
      return std::nullopt;
    case NumberKind::real:
      error(value, shown(node.text) + " is not a whole number", "expected " + what);
      return std::nullopt;
    case NumberKind::whole:
      break;
  }
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
  if (problem != std::errc{} || number < lowest || number > highest) {
    error(value, shown(node.text) + " is out of range", "expected " + what);
    return std::nullopt;
  }
  return number;
}

std::optional<double> Reader::number(const Cursor& value, std::string_view what) {
  const Node& node = *value.node;
  if (number_kind(node) == NumberKind::none) {
    wrong_type(value, what);
    return std::nullopt;
  }
  double number = 0;
  const auto [end, problem] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
  // .inf and .nan are numbers to YAML, but no value of ours.
  if (problem != std::errc{} || end != node.text.data() + node.text.size()) {
    error(value, shown(node.text) + " is out of range", fmt::format("expected {}", what));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Reader::flag(const Cursor& value) {
  if (value.node->kind == NodeKind::scalar && is_flag(*value.node)) {
    return value.node->text.front() == 't' || value.node->text.front() == 'T';
  }
  wrong_type(value, "true or false");
  return std::nullopt;
}

std::optional<std::string> Reader::choice(const Cursor& value, std::span<const std::string_view> known) {
  const std::string what = "one of " + list_of(known);
  auto written = text(value, what);
  if (!written) return std::nullopt;
  if (std::find(known.begin(), known.end(), *written) != known.end()) return written;
  const auto close = nearest(*written, known);
  error(value, in_quotes(*written) + " is unknown",
        "expected " + what + (close ? fmt::format("; did you mean {}?", *close) : std::string()));
  return std::nullopt;
}

void Reader::wrong_type(const Cursor& value, std::string_view what) {
  error(value, what_it_is(*value.node), fmt::format("expected {}", what));
}

void Reader::error(const Cursor& value, std::string problem, std::string mend) {
  error_at(value.at, value.path, std::move(problem), std::move(mend));
}

void Reader::error_at(Position at, std::string path, std::string problem, std::string mend) {
  errors_.push_back({file_, at.line, at.column, std::move(path), std::move(problem), std::move(mend)});
}

ConfigErrors Reader::take_errors() {
  ConfigErrors errors = std::exchange(errors_, {});
  std::stable_sort(errors.begin(), errors.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  if (errors.size() > kConfigErrorsMax) {
    const size_t more = errors.size() - kConfigErrorsMax;
    errors.resize(kConfigErrorsMax);
    errors.push_back({file_, 0, 0, {}, fmt::format("{} more errors", more), "mend those above first"});
  }
  return errors;
}

}  // namespace mme

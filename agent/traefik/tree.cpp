// SPDX-License-Identifier: Apache-2.0
#include "traefik/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "traefik/ascii.h"

namespace mme::traefik {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

TreeNode& child_of(TreeNode& parent, std::string_view name) {
  // Keys come sorted, so that the child is nearly always the last one.
  for (auto child = parent.children.rbegin(); child != parent.children.rend(); ++child) {
    if (equal_fold(child->name, name)) return *child;
  }
  parent.children.emplace_back().name = name;
  return parent.children.back();
}

bool has_prefix(std::string_view key, const std::vector<std::string>& prefixes) {
  return prefixes.empty() || std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
           return key.size() >= prefix.size() && equal_fold(key.substr(0, prefix.size()), prefix);
         });
}

}  // namespace

TreeNode TreeNode::named(std::string_view name, int line) {
  TreeNode node;
  node.name = name;
  node.line = line;
  return node;
}

const TreeNode* TreeNode::find(std::string_view child) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const TreeNode& node) { return equal_fold(node.name, child); });
  return found == children.end() ? nullptr : &*found;
}

const TreeNode* TreeNode::find_path(std::string_view path) const {
  const TreeNode* node = this;
  for (const auto part : split(path, '.')) {
    node = node->find(part);
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string_view TreeNode::text(std::string_view child) const {
  const TreeNode* node = find(child);
  return node == nullptr ? std::string_view() : std::string_view(node->value);
}

std::vector<std::string> TreeNode::texts() const {
  std::vector<std::string> out;
  if (list) {
    for (const auto& item : values) out.emplace_back(trimmed(item));
    return out;
  }
  if (value.empty()) return out;
  for (const auto part : split(value, ',')) out.emplace_back(trimmed(part));
  return out;
}

std::optional<FileFormat> format_of(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string ending = lower(file_name.substr(dot));
  if (ending == ".toml") return FileFormat::toml;
  if (ending == ".yaml" || ending == ".yml" || ending == ".json") return FileFormat::yaml;
  return std::nullopt;
}

tl::expected<TreeNode, Diagnostic> read_flat(const std::map<std::string, std::string>& keys,
                                             const std::vector<std::string>& prefixes, const Source& source) {
  const auto wrong = [&](std::string problem) { return tl::make_unexpected(Diagnostic{source, std::move(problem)}); };
  TreeNode root = TreeNode::named("traefik");
  for (const auto& [key, value] : keys) {
    if (!has_prefix(key, prefixes)) continue;
    const auto parts = split(key, '.');
    if (parts.size() > kTreeDepthMax) return wrong(fmt::format("{}: nested too deep", key));
    if (parts[0] != root.name) return wrong(fmt::format("{}: does not begin with traefik.", key));
    TreeNode* node = &root;
    for (size_t i = 1; i < parts.size(); i++) {
      std::string_view part = parts[i];
      if (part.empty() || part[0] == '[') return wrong(fmt::format("{}: a part of the name is empty", key));
      const size_t bracket = part.back() == ']' ? part.find('[') : std::string_view::npos;
      node = &child_of(*node, part.substr(0, bracket));
      if (bracket != std::string_view::npos) node = &child_of(*node, part.substr(bracket));
    }
    node->value = value;
  }
  return root;
}

std::optional<bool> parse_bool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ns;
  };
  constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                           {"us", 1e3},
                                           {"\u00b5s", 1e3},
                                           {"\u03bcs", 1e3},
                                           {"ms", 1e6},
                                           {"s", 1e9},
                                           {"m", 60e9},
                                           {"h", 3600e9}}};
  constexpr double kMax = 9.2e18;
  if (const auto seconds = parse_integer(text)) {
    return static_cast<int64_t>(static_cast<uint64_t>(*seconds) * 1'000'000'000);  // Go lets it overflow as well
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const std::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
    text.remove_prefix(number.size());
    const std::string_view unit_name = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit_name.size());
    const auto unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.name == unit_name; });
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (unit == kUnits.end() || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
    total += value * unit->ns;
    if (total > kMax) return std::nullopt;
  }
  return static_cast<int64_t>(negative ? -total : total);
}

}  // namespace mme::traefik

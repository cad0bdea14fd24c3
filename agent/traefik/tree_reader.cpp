// SPDX-License-Identifier: Apache-2.0
#include "traefik/tree_reader.h"

#include <fmt/format.h>

#include <utility>

namespace mme::traefik {

TreeReader::TreeReader(Source source, Diagnostics& errors) : source_(std::move(source)), errors_(errors) {}

Source TreeReader::source(const TreeNode& node) const {
  Source where = source_;
  if (node.line > 0) where.line = node.line;
  return where;
}

void TreeReader::error(const TreeNode& node, std::string problem) {
  errors_.push_back({source(node), std::move(problem)});
}

bool TreeReader::flag(const TreeNode& parent, std::string_view key, bool otherwise) {
  const TreeNode* node = parent.find(key);
  if (node == nullptr) return otherwise;
  const auto value = parse_bool(node->value);
  if (!value) error(*node, fmt::format("{}: \"{}\" is neither true nor false", key, node->value));
  return value.value_or(otherwise);
}

}  // namespace mme::traefik

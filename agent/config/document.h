// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"

namespace mme {

// Where something stands in the text; both count from 1, columns in bytes. Line 0: nowhere in particular.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

enum class NodeKind { null, scalar, list, map };

struct Node {
  struct Child {
    std::string key;  // maps only
    Position key_at;
    size_t node = 0;  // index into Document::nodes; an alias names a node twice, never one around itself
  };

  NodeKind kind = NodeKind::null;
  Position at;
  std::string text;    // scalars
  bool plain = false;  // scalars: not quoted, so it may be a number
  std::vector<Child> children;
  size_t expanded_nodes = 1;  // itself and all below, aliases written out
};

// A YAML document without any meaning given to it. Duplicate keys are kept.
struct Document {
  std::vector<Node> nodes;  // never empty: the first is the root, null when the text has no document
};

inline constexpr int kDocumentDepthMax = 16;
inline constexpr size_t kDocumentNodesMax = 10000;  // aliases written out

// One document of UTF-8 text. Bounded in depth and size; throws nothing. Stops at the first syntax error.
[[nodiscard]] tl::expected<Document, ConfigErrors> read_document(std::string_view text, const std::string& file);

}  // namespace mme

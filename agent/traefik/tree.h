// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "traefik/model.h"

namespace mme::traefik {

// What Traefik's decoder (traefik/paerser) makes of a file, of flags, of the environment and of labels alike: a tree of
// names and texts. Names are compared without regard to case.
struct TreeNode {
  std::string name;
  std::string value;                // of a scalar
  std::vector<std::string> values;  // of a list of scalars; a list of maps has children "[0]", "[1]"…
  bool list = false;
  std::vector<TreeNode> children;
  int line = 0;  // from 1; 0: not from a file

  [[nodiscard]] static TreeNode named(std::string_view name, int line = 0);

  [[nodiscard]] const TreeNode* find(std::string_view child) const;
  // "a.b.c" below this node.
  [[nodiscard]] const TreeNode* find_path(std::string_view path) const;
  [[nodiscard]] std::string_view text(std::string_view child) const;  // empty: not there
  // A list, or a scalar split at commas, as Traefik does where it expects a list.
  [[nodiscard]] std::vector<std::string> texts() const;
};

inline constexpr size_t kTreeDepthMax = 64;
inline constexpr size_t kTreeNodesMax = 2'000'000;

enum class FileFormat : uint8_t { yaml, toml };
// By the ending of the name: .toml, .yaml, .yml, .json (which is YAML).
[[nodiscard]] std::optional<FileFormat> format_of(std::string_view file_name);

// One error with its line, or the tree. Throws nothing.
[[nodiscard]] tl::expected<TreeNode, Diagnostic> read_yaml(std::string_view text, const Source& source);
[[nodiscard]] tl::expected<TreeNode, Diagnostic> read_toml(std::string_view text, const Source& source);
[[nodiscard]] tl::expected<TreeNode, Diagnostic> read_json(std::string_view text, const Source& source);

// "traefik.http.routers.a.rule" = "…": the tree under `traefik`. Keys that do not begin with one of `prefixes` are left
// out; no prefixes: all are taken.
[[nodiscard]] tl::expected<TreeNode, Diagnostic> read_flat(const std::map<std::string, std::string>& keys,
                                                           const std::vector<std::string>& prefixes,
                                                           const Source& source);

[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);  // as strconv.ParseBool
[[nodiscard]] std::optional<int64_t> parse_integer(std::string_view text);
// Nanoseconds: whole seconds, or as time.ParseDuration, "1m30s" (paerser's types.Duration).
[[nodiscard]] std::optional<int64_t> parse_duration(std::string_view text);

}  // namespace mme::traefik

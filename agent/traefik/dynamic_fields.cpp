// SPDX-License-Identifier: Apache-2.0
// traefik/paerser: parser/nodes_metadata.go for names and kinds, parser/element_fill.go for values.
#include "traefik/dynamic_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "traefik/ascii.h"
#include "traefik/dynamic_table.h"

namespace mme::traefik {
namespace {

using Refusal = std::optional<Diagnostic>;

class FieldChecker {
 public:
  FieldChecker(Spelling spelling, const Source& source) : spelling_(spelling), source_(source) {}

  // Every child is a field that the decoder knows. `read`: so are the values below it.
  [[nodiscard]] Refusal object(const TreeNode& node, std::span<const Field> fields, bool read,
                               const std::string& path) const {
    for (const auto& child : node.children) {
      const Field* field = find(fields, child.name);
      if (field == nullptr) return unknown(child, path);
      if (auto refusal = value(child, *field, read, joined(path, child.name))) return refusal;
    }
    return std::nullopt;
  }

  // At the top of a file other names may stand; they are not looked at (file.DecodeContent).
  [[nodiscard]] Refusal section(const TreeNode& node) const {
    const Field* field = find(dynamic_fields(), node.name);
    return field == nullptr ? std::nullopt : value(node, *field, true, node.name);
  }

 private:
  [[nodiscard]] const Field* find(std::span<const Field> fields, std::string_view name) const {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) {
      const bool single = spelling_ == Spelling::labels && field.value == Value::servers;
      return equal_fold(single ? "server" : field.name, name);
    });
    return found == fields.end() ? nullptr : &*found;
  }

  [[nodiscard]] bool ignored(const Field& field) const {
    return field.use == Use::ignored ||
           field.use == (spelling_ == Spelling::file ? Use::ignored_in_files : Use::ignored_in_labels);
  }

  [[nodiscard]] Refusal value(const TreeNode& node, const Field& field, bool read, const std::string& path) const {
    const bool off = field.use == Use::bare && !node.value.empty() && !equal_fold(node.value, "true");
    read = read && !off && !ignored(field);
    switch (field.value) {
      case Value::text:
      case Value::flag:
      case Value::integer:
      case Value::duration:
        return scalar(node, field.value, read, path);
      case Value::texts:
        return elements(node, {}, read, path);
      case Value::servers:
        if (spelling_ == Spelling::labels) {
          return node.children.empty() ? bare(node, path) : object(node, field.fields, read, path);
        }
        return elements(node, field.fields, read, path);
      case Value::objects:
        return elements(node, field.fields, read, path);
      default:
        break;
    }
    if (node.children.empty()) {
      return field.use == Use::bare || ignored(field) ? std::nullopt : bare(node, path);
    }
    if (field.value == Value::object) return object(node, field.fields, read, path);
    if (field.value == Value::named_objects) return elements(node, field.fields, read, path);
    if (field.value == Value::named_integers) return integers(node, read, path);
    return std::nullopt;  // any names, any texts
  }

  // Of a list or a map. The decoder takes a text where a list of objects belongs for an empty one, and a text where an
  // object of a map belongs for an empty one.
  [[nodiscard]] Refusal elements(const TreeNode& node, std::span<const Field> fields, bool read,
                                 const std::string& path) const {
    for (const auto& child : node.children) {
      if (auto refusal = object(child, fields, read, joined(path, child.name))) return refusal;
    }
    return std::nullopt;
  }

  [[nodiscard]] Refusal integers(const TreeNode& node, bool read, const std::string& path) const {
    for (const auto& child : node.children) {
      if (read && !parse_integer(child.value)) return no_value(child, "a whole number", joined(path, child.name));
    }
    return std::nullopt;
  }

  [[nodiscard]] Refusal scalar(const TreeNode& node, Value kind, bool read, const std::string& path) const {
    if (!node.children.empty()) return refused(node, fmt::format("{} has keys below it, where a value is due", path));
    if (!read) return std::nullopt;
    if (kind == Value::flag && !parse_bool(node.value)) return no_value(node, "true or false", path);
    if (kind == Value::integer && !parse_integer(node.value)) return no_value(node, "a whole number", path);
    if (kind == Value::duration && !parse_duration(node.value)) return no_value(node, "a duration like 10s", path);
    return std::nullopt;
  }

  [[nodiscard]] Refusal unknown(const TreeNode& node, const std::string& path) const {
    return refused(node, fmt::format("{}: {} is no key that Traefik knows", path, node.name));
  }
  [[nodiscard]] Refusal bare(const TreeNode& node, const std::string& path) const {
    return refused(node, fmt::format("{} has no keys below it, where Traefik needs some", path));
  }
  [[nodiscard]] Refusal no_value(const TreeNode& node, std::string_view due, const std::string& path) const {
    return refused(node, fmt::format("{}: \"{}\" is not {}", path, node.list ? "a list" : node.value, due));
  }

  [[nodiscard]] Refusal refused(const TreeNode& node, std::string problem) const {
    Source where = source_;
    if (node.line > 0) where.line = node.line;
    return Diagnostic{std::move(where), std::move(problem)};
  }

  static std::string joined(const std::string& path, std::string_view name) {
    if (name.starts_with('[')) return fmt::format("{}{}", path, name);
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
  }

  Spelling spelling_;
  const Source& source_;
};

}  // namespace

std::optional<Diagnostic> refused_field(const TreeNode& root, Spelling spelling, const Source& source) {
  const FieldChecker checker(spelling, source);
  if (spelling == Spelling::labels) return checker.object(root, dynamic_fields(), true, "traefik");
  for (const auto& child : root.children) {
    if (auto refusal = checker.section(child)) return refusal;
  }
  return std::nullopt;
}

}  // namespace mme::traefik

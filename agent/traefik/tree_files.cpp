// SPDX-License-Identifier: Apache-2.0
// YAML, TOML and JSON to trees. Exceptions of the three libraries end here.
#include <fmt/format.h>
#include <toml++/toml.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.h"
#include "traefik/ascii.h"
#include "traefik/tree.h"

namespace mme::traefik {
namespace {

struct Refused {
  int line;
  std::string problem;
};

tl::unexpected<Diagnostic> failure(const Source& source, int line, std::string problem) {
  Diagnostic diagnostic{source, std::move(problem)};
  diagnostic.source.line = line;
  return tl::make_unexpected(std::move(diagnostic));
}

// Bounds what is made of a file, whatever its format.
class Budget {
 public:
  // Every value takes a byte of the text; a file of which aliases make many times more is no configuration.
  explicit Budget(size_t text_bytes) : limit_(std::min(kTreeNodesMax, text_bytes + 10'000)) {}

  void enter(int line) {
    if (++depth_ > kTreeDepthMax) throw Refused{line, fmt::format("nested more than {} levels deep", kTreeDepthMax)};
    if (++nodes_ > limit_) throw Refused{line, fmt::format("more than {} values, aliases written out", limit_)};
  }
  void leave() { depth_--; }

 private:
  size_t limit_;
  size_t depth_ = 0;
  size_t nodes_ = 0;
};

// Go prints numbers that YAML and TOML may write in other ways.
std::string plain_number(double number) {
  std::string text = fmt::format("{:.6f}", number);
  if (text.ends_with(".000000")) text.resize(text.size() - 7);
  return text;
}

bool is_yaml_bool(std::string_view text, bool& value) {
  if (text == "true" || text == "True" || text == "TRUE") return value = true, true;
  if (text == "false" || text == "False" || text == "FALSE") return value = false, true;
  return false;
}

// yaml.v3 (readerc.go) stops at the first byte that is not UTF-8 and at most control characters.
void check_characters(std::string_view text) {
  int line = 1;
  for (size_t at = 0; at < text.size();) {
    const auto [code, length] = first_character(text.substr(at));
    if (length == 0) throw Refused{line, "a byte is not UTF-8"};
    const bool byte_order_mark = code == 0xfeff;
    const bool control = (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7f ||
                         (code >= 0x80 && code < 0xa0 && code != 0x85) || (byte_order_mark && at != 0) ||
                         code == 0xfffe || code == 0xffff;
    if (control) throw Refused{line, "control characters are not allowed"};
    if (code == '\n') line++;
    at += length;
  }
}

class YamlReader {
 public:
  explicit YamlReader(size_t text_bytes) : budget_(text_bytes) {}

  void map(const YAML::Node& from, TreeNode& into) {
    std::set<std::string_view> seen;
    for (const auto& entry : from) {
      if (!entry.first.IsScalar()) throw Refused{line_of(entry.first), "a key is no text"};
      const std::string& name = entry.first.Scalar();
      if (name == "<<" && entry.first.Tag() != "!") {
        merges_.push_back(entry.second);
        continue;
      }
      if (!seen.insert(name).second) {
        throw Refused{line_of(entry.first), fmt::format("the key {} is there twice", name)};
      }
      if (entry.second.IsNull()) continue;  // Traefik's decoder skips empty values
      TreeNode child = TreeNode::named(name, line_of(entry.first));
      node(entry.second, child);
      into.children.push_back(std::move(child));
    }
    for (auto pending = std::move(merges_); const auto& merged : pending) merge(merged, into);
    merges_.clear();
  }

 private:
  static int line_of(const YAML::Node& from) { return from.Mark().line + 1; }

  void merge(const YAML::Node& from, TreeNode& into) {
    if (from.IsSequence()) {
      for (const auto& part : from) merge(part, into);
      return;
    }
    if (!from.IsMap()) throw Refused{line_of(from), "<< needs a map"};
    TreeNode merged;
    budget_.enter(line_of(from));
    YamlReader inner(*this);
    inner.merges_.clear();
    inner.map(from, merged);
    budget_ = inner.budget_;
    budget_.leave();
    for (auto& child : merged.children) {
      const bool there = std::any_of(into.children.begin(), into.children.end(),
                                     [&](const TreeNode& other) { return other.name == child.name; });
      if (!there) into.children.push_back(std::move(child));
    }
  }

  static std::string scalar(const YAML::Node& from) {
    bool flag = false;
    if (from.Tag() != "!" && is_yaml_bool(from.Scalar(), flag)) return flag ? "true" : "false";
    return from.Scalar();
  }

  void node(const YAML::Node& from, TreeNode& into) {
    budget_.enter(line_of(from));
    if (from.IsMap()) {
      std::vector<YAML::Node> outer = std::move(merges_);
      merges_.clear();
      map(from, into);
      merges_ = std::move(outer);
    } else if (from.IsSequence()) {
      into.list = true;
      int index = 0;
      for (const auto& item : from) {
        if (item.IsMap()) {
          TreeNode child = TreeNode::named(fmt::format("[{}]", index), line_of(item));
          node(item, child);
          into.children.push_back(std::move(child));
        } else if (item.IsScalar()) {
          into.values.push_back(scalar(item));
        } else {
          throw Refused{line_of(item), "a list holds neither texts nor maps"};
        }
        index++;
      }
    } else {
      into.value = scalar(from);
    }
    budget_.leave();
  }

  Budget budget_;
  std::vector<YAML::Node> merges_;
};

class TomlReader {
 public:
  explicit TomlReader(size_t text_bytes) : budget_(text_bytes) {}

  void table(const toml::table& from, TreeNode& into) {
    for (const auto& [key, value] : from) {
      TreeNode child = TreeNode::named(std::string(key.str()), line_of(value));
      node(value, child);
      into.children.push_back(std::move(child));
    }
  }

 private:
  static int line_of(const toml::node& from) { return static_cast<int>(from.source().begin.line); }

  static std::optional<std::string> scalar(const toml::node& from) {
    if (const auto* text = from.as_string()) return text->get();
    if (const auto* number = from.as_integer()) return fmt::format("{}", number->get());
    if (const auto* flag = from.as_boolean()) return flag->get() ? "true" : "false";
    if (const auto* number = from.as_floating_point()) return plain_number(number->get());
    return std::nullopt;
  }

  void node(const toml::node& from, TreeNode& into) {
    budget_.enter(line_of(from));
    if (const auto* inner = from.as_table()) {
      table(*inner, into);
    } else if (const auto* items = from.as_array()) {
      into.list = true;
      int index = 0;
      for (const auto& item : *items) {
        if (const auto* inner_table = item.as_table()) {
          TreeNode child = TreeNode::named(fmt::format("[{}]", index), line_of(item));
          budget_.enter(child.line);
          table(*inner_table, child);
          budget_.leave();
          into.children.push_back(std::move(child));
        } else if (auto text = scalar(item)) {
          into.values.push_back(std::move(*text));
        } else {
          throw Refused{line_of(item), "a list holds neither texts nor tables"};
        }
        index++;
      }
    } else if (auto text = scalar(from)) {
      into.value = std::move(*text);
    } else {
      throw Refused{line_of(from), "dates are not expected here"};
    }
    budget_.leave();
  }

  Budget budget_;
};

class JsonReader {
 public:
  explicit JsonReader(size_t text_bytes) : budget_(text_bytes) {}

  void node(const nlohmann::json& from, TreeNode& into) {
    budget_.enter(0);
    if (from.is_object()) {
      for (const auto& [key, value] : from.items()) {
        if (value.is_null()) continue;
        TreeNode child = TreeNode::named(key);
        node(value, child);
        into.children.push_back(std::move(child));
      }
    } else if (from.is_array()) {
      into.list = true;
      int index = 0;
      for (const auto& item : from) {
        if (item.is_object()) {
          TreeNode child = TreeNode::named(fmt::format("[{}]", index));
          node(item, child);
          into.children.push_back(std::move(child));
        } else if (!item.is_array() && !item.is_null()) {
          into.values.push_back(scalar(item));
        }
        index++;
      }
    } else {
      into.value = scalar(from);
    }
    budget_.leave();
  }

 private:
  static std::string scalar(const nlohmann::json& from) {
    return from.is_string() ? from.get<std::string>()
                            : from.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  Budget budget_;
};

}  // namespace

tl::expected<TreeNode, Diagnostic> read_yaml(std::string_view text, const Source& source) {
  try {
    check_characters(text);
    const YAML::Node document = YAML::Load(std::string(text));
    TreeNode root;
    if (document.IsNull()) return root;
    if (!document.IsMap()) return failure(source, document.Mark().line + 1, "the file is no map");
    YamlReader(text.size()).map(document, root);
    return root;
  } catch (const YAML::Exception& error) {
    return failure(source, error.mark.is_null() ? 0 : error.mark.line + 1, error.msg);
  } catch (const Refused& refused) {
    return failure(source, refused.line, refused.problem);
  }
}

tl::expected<TreeNode, Diagnostic> read_toml(std::string_view text, const Source& source) {
  try {
    const toml::table document = toml::parse(text);
    TreeNode root;
    TomlReader(text.size()).table(document, root);
    return root;
  } catch (const toml::parse_error& error) {
    return failure(source, static_cast<int>(error.source().begin.line), std::string(error.description()));
  } catch (const Refused& refused) {
    return failure(source, refused.line, refused.problem);
  }
}

tl::expected<TreeNode, Diagnostic> read_json(std::string_view text, const Source& source) {
  try {
    TreeNode root;
    JsonReader(text.size()).node(nlohmann::json::parse(text), root);
    return root;
  } catch (const nlohmann::json::exception& error) {
    return failure(source, 0, error.what());
  } catch (const Refused& refused) {
    return failure(source, 0, refused.problem);
  }
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "mongo/query_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/names.h"
#include "mongo/bson_reader.h"

namespace mme::mongo {
namespace {

constexpr size_t kDepthMax = 24;
constexpr size_t kBytesMax = 4096;
constexpr size_t kElementsMax = 32;  // of an array, that look different
constexpr std::string_view kLiteral = "?";
constexpr std::string_view kMore = "…";

// What the values of a document are.
enum class Kind {
  literals,    // data
  filter,      // of fields, or operators that hold filters
  comparison,  // of operators on one field
  update,      // operators on fields, or a replacement
  assignment,  // of fields, to data
  flags,       // -1, 0, 1, true and false say what is asked for
  stages,      // of a pipeline
  expression,  // an aggregation's: whatever it is, its names are no data
  source,      // a stage that reads another collection
  text,        // the name of a field
};

struct Field {
  std::string_view name;
  Kind kind;
};

// Of commands, and of the operations in `updates` and `deletes`. What is not here says nothing of the shape.
constexpr Field kFields[] = {
    {"filter", Kind::filter},    {"query", Kind::filter},    {"q", Kind::filter},      {"sort", Kind::flags},
    {"projection", Kind::flags}, {"fields", Kind::flags},    {"hint", Kind::flags},    {"update", Kind::update},
    {"u", Kind::update},         {"pipeline", Kind::stages}, {"key", Kind::text},      {"arrayFilters", Kind::filter},
    {"limit", Kind::literals},   {"skip", Kind::literals},   {"multi", Kind::flags},   {"upsert", Kind::flags},
    {"remove", Kind::flags},     {"new", Kind::flags},       {"updates", Kind::flags}, {"deletes", Kind::flags},
};

const Field* field_of(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

bool is_operator(std::string_view key) {
  return key.starts_with('$');
}

bool begins_with_operator(std::string_view document) {
  const auto first = BsonReader(document).next();
  return first && is_operator(first->key);
}

// The commands of which the fields above are known. Of others the name is the shape.
bool has_query(std::string_view command) {
  constexpr std::string_view kQueries[] = {"find",          "aggregate",     "count",  "distinct",
                                           "findAndModify", "findandmodify", "update", "delete"};
  return std::find(std::begin(kQueries), std::end(kQueries), command) != std::end(kQueries);
}

class Writer {
 public:
  // `{find: ?, …}`
  void command(const WireCommand& command) {
    out_ += '{';
    key(command.name);
    out_ += kLiteral;
    if (has_query(command.name)) {
      operation(command.document, true);
      for (const auto& [name, documents] : command.sequences) sequence(name, documents);
    }
    out_ += '}';
  }

  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] std::string text() && { return std::move(out_); }

 private:
  void key(std::string_view name) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != ':' && c != ',' && c != '{' && c != '}' && c != '?';
    });
    const std::string shown = label_text(name, false);
    out_ += plain ? shown : quoted(shown);
    out_ += ": ";
  }

  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) < ' ')
        out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      else
        out += c;
    }
    return out + '"';
  }

  // The known fields of a command, behind its name, or of an operation.
  void operation(std::string_view document, bool is_command) {
    BsonReader reader(document);
    bool first = !is_command;
    for (bool is_name = is_command; const auto element = reader.next(); is_name = false) {
      const Field* field = is_name ? nullptr : field_of(element->key);
      if (field == nullptr) continue;
      if (!first) out_ += ", ";
      first = false;
      key(element->key);
      value(*element, field->kind, 1);
    }
    cut_ = cut_ || reader.cut();
  }

  void sequence(std::string_view name, std::string_view documents) {
    if (field_of(name) == nullptr) return;
    out_ += ", ";
    key(name);
    std::vector<std::string> shapes;
    while (!documents.empty()) {
      const std::optional<size_t> size = document_size(documents);
      if (!size) break;
      add_shape(shapes, [&] { operation_document(documents.substr(0, *size)); });
      documents.remove_prefix(std::min(*size, documents.size()));
    }
    list(shapes);
  }

  std::optional<size_t> document_size(std::string_view documents) {
    if (documents.size() < 5) {
      cut_ = true;
      return std::nullopt;
    }
    const auto byte = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<unsigned char>(documents[i])) << (8 * i);
    };
    const size_t size = byte(0) | byte(1) | byte(2) | byte(3);
    if (size < 5) {
      cut_ = true;
      return std::nullopt;
    }
    return size;
  }

  void operation_document(std::string_view document) {
    out_ += '{';
    operation(document, false);
    out_ += '}';
  }

  template <typename Write>
  void add_shape(std::vector<std::string>& shapes, Write write) {
    std::string outer = std::exchange(out_, "");
    write();
    std::string shape = std::exchange(out_, std::move(outer));
    if (std::find(shapes.begin(), shapes.end(), shape) != shapes.end()) return;
    if (shapes.size() == kElementsMax) shape = kMore;
    if (shapes.size() <= kElementsMax) shapes.push_back(std::move(shape));
  }

  void list(const std::vector<std::string>& shapes) {
    out_ += '[';
    for (size_t i = 0; i < shapes.size(); ++i) out_ += (i == 0 ? "" : ", ") + shapes[i];
    if (shapes.empty()) out_ += kLiteral;
    out_ += ']';
  }

  void value(const BsonElement& element, Kind kind, size_t depth) {
    if (depth > kDepthMax || out_.size() > kBytesMax) {
      out_ += kMore;
    } else if (element.type == MME_BSON_ARRAY && kind != Kind::literals) {
      array(element.value, kind, depth);
    } else if (element.type == MME_BSON_DOCUMENT && kind != Kind::literals) {
      document(element.value, kind, depth);
    } else if (element.type == MME_BSON_ARRAY) {
      out_ += "[?]";
    } else if (kind == Kind::text && element.text()) {
      out_ += quoted(label_text(*element.text(), false));
    } else {
      scalar(element, kind);
    }
  }

  void scalar(const BsonElement& element, Kind kind) {
    const auto number = kind == Kind::flags ? element.number() : std::nullopt;
    if (number && element.type == MME_BSON_BOOL)
      out_ += *number != 0 ? "true" : "false";
    else if (number && (*number == -1 || *number == 0 || *number == 1))
      out_ += fmt::format("{}", static_cast<int>(*number));
    else
      out_ += kLiteral;
  }

  void array(std::string_view bytes, Kind kind, size_t depth) {
    BsonReader reader(bytes);
    std::vector<std::string> shapes;
    while (const auto element = reader.next()) {
      add_shape(shapes, [&] {
        if (kind == Kind::flags && element->type == MME_BSON_DOCUMENT)
          operation_document(element->value);  // of `updates` and `deletes`
        else
          value(*element, kind == Kind::update ? Kind::stages : kind, depth + 1);
      });
    }
    cut_ = cut_ || reader.cut();
    list(shapes);
  }

  void document(std::string_view bytes, Kind kind, size_t depth) {
    const bool has_operators = begins_with_operator(bytes);
    if ((kind == Kind::update || kind == Kind::comparison) && !has_operators) {
      out_ += kLiteral;  // a replacement, or a document that a field is compared with
      return;
    }
    BsonReader reader(bytes);
    out_ += '{';
    bool first = true;
    while (const auto element = reader.next()) {
      if (!first) out_ += ", ";
      first = false;
      key(element->key);
      value(*element, below(kind, element->key), depth + 1);
      if (out_.size() > kBytesMax) break;
    }
    cut_ = cut_ || reader.cut();
    out_ += '}';
  }

  static Kind below(Kind kind, std::string_view key) {
    switch (kind) {
      case Kind::filter:
        if (key == "$expr") return Kind::expression;
        return is_operator(key) ? (key == "$and" || key == "$or" || key == "$nor" ? Kind::filter : Kind::literals)
                                : Kind::comparison;
      case Kind::comparison:
        if (key == "$elemMatch" || key == "$all") return Kind::filter;
        return key == "$not" ? Kind::comparison : Kind::literals;
      case Kind::update:
        return Kind::assignment;
      case Kind::assignment:
        return Kind::literals;
      case Kind::stages:
        if (key == "$match") return Kind::filter;
        if (key == "$sort" || key == "$project") return Kind::flags;
        if (key == "$lookup" || key == "$graphLookup" || key == "$unionWith") return Kind::source;
        return key == "$documents" ? Kind::literals : Kind::expression;
      case Kind::source:
        if (key == "from" || key == "coll") return Kind::text;
        return key == "pipeline" ? Kind::stages : Kind::expression;
      case Kind::expression:
        return key == "$literal" ? Kind::literals : Kind::expression;
      default:
        return kind;
    }
  }

  std::string out_;
  bool cut_ = false;
};

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = MME_HASH_START;
  for (const char c : text) hash = mme_hash_byte(hash, static_cast<uint8_t>(c));
  return hash;
}

}  // namespace

QueryShape query_shape(const WireCommand& command) {
  Writer writer;
  writer.command(command);
  QueryShape shape;
  shape.complete = !command.cut && !writer.cut();
  shape.text = std::move(writer).text();
  shape.hash = fnv1a(shape.text);
  return shape;
}

}  // namespace mme::mongo

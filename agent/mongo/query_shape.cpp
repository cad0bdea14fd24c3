// SPDX-License-Identifier: Apache-2.0
#include "mongo/query_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/names.h"
#include "mme/mongo_commands.h"
#include "mongo/bson_reader.h"
#include "mongo/query_names.h"

namespace mme::mongo {
namespace {

constexpr size_t kDepthMax = 24;
constexpr size_t kBytesMax = 4096;
constexpr size_t kElementsMax = 32;  // of an array, that look different
constexpr std::string_view kLiteral = "?";
constexpr std::string_view kMore = "…";

// What a value is. What none of these allows to be shown is `?`.
enum class Kind {
  hidden,           // data: arrays of it too are `?`
  literals,         // data: arrays are `[?]`
  text,             // the name of a field or a collection
  flag,             // true or false
  statements,       // `updates`, `deletes`, `ops`
  statement,        //
  filter,           // of fields, or operators that hold filters
  predicate,        // what a field is compared with: operators, or data
  predicates,       // an array of them
  update,           // operators on fields, a pipeline, or a replacement
  assignment,       // of fields, to data
  sort,             // of fields
  direction,        // of one
  projection,       // of fields
  projected,        // one: 0, 1, or an expression
  stages,           // a pipeline
  stage,            //
  stage_arguments,  // by name
  collection,       // its name, or stage_arguments that have it
  facets,           // pipelines by name
  fields,           // expressions by the field that they are for
  expression,       // an aggregation's
  arguments,        // of its operator: by name, or an expression
  branches,         // an array of arguments
};

struct Field {
  std::string_view name;
  Kind kind;
};

using Fields = std::span<const Field>;

constexpr Field kFind[] = {{"filter", Kind::filter}, {"sort", Kind::sort},      {"projection", Kind::projection},
                           {"hint", Kind::sort},     {"limit", Kind::literals}, {"skip", Kind::literals}};
constexpr Field kAggregate[] = {{"pipeline", Kind::stages}, {"hint", Kind::sort}};
constexpr Field kCount[] = {
    {"query", Kind::filter}, {"limit", Kind::literals}, {"skip", Kind::literals}, {"hint", Kind::sort}};
constexpr Field kDistinct[] = {{"key", Kind::text}, {"query", Kind::filter}, {"hint", Kind::sort}};
constexpr Field kFindAndModify[] = {
    {"query", Kind::filter}, {"sort", Kind::sort},         {"remove", Kind::flag}, {"update", Kind::update},
    {"new", Kind::flag},     {"fields", Kind::projection}, {"upsert", Kind::flag}, {"arrayFilters", Kind::filter},
    {"hint", Kind::sort}};
constexpr Field kUpdate[] = {{"updates", Kind::statements}};
constexpr Field kDelete[] = {{"deletes", Kind::statements}};
constexpr Field kBulkWrite[] = {{"ops", Kind::statements}};
constexpr Field kGetMore[] = {{"collection", Kind::text}};

// Of commands, what is shown. Of others the name is the shape.
constexpr std::pair<std::string_view, Fields> kCommands[] = {{"find", kFind},
                                                             {"aggregate", kAggregate},
                                                             {"count", kCount},
                                                             {"distinct", kDistinct},
                                                             {"findAndModify", kFindAndModify},
                                                             {"findandmodify", kFindAndModify},
                                                             {"update", kUpdate},
                                                             {"delete", kDelete},
                                                             {"bulkWrite", kBulkWrite},
                                                             {"getMore", kGetMore}};

// `insert`, `update` and `delete` are bulkWrite's, and have the number of a collection.
constexpr Field kStatement[] = {
    {"q", Kind::filter},         {"u", Kind::update},        {"sort", Kind::sort},       {"hint", Kind::sort},
    {"multi", Kind::flag},       {"upsert", Kind::flag},     {"limit", Kind::literals},  {"arrayFilters", Kind::filter},
    {"insert", Kind::literals},  {"update", Kind::literals}, {"delete", Kind::literals}, {"filter", Kind::filter},
    {"updateMods", Kind::update}};

constexpr Field kFilterOperators[] = {
    {"$and", Kind::filter},    {"$or", Kind::filter},      {"$nor", Kind::filter},      {"$expr", Kind::expression},
    {"$not", Kind::predicate}, {"$all", Kind::predicates}, {"$elemMatch", Kind::filter}};

constexpr Field kPredicateOperators[] = {
    {"$not", Kind::predicate}, {"$all", Kind::predicates}, {"$elemMatch", Kind::filter}};

constexpr Field kStages[] = {{"$match", Kind::filter},
                             {"$sort", Kind::sort},
                             {"$project", Kind::projection},
                             {"$addFields", Kind::fields},
                             {"$set", Kind::fields},
                             {"$group", Kind::fields},
                             {"$facet", Kind::facets},
                             {"$lookup", Kind::stage_arguments},
                             {"$graphLookup", Kind::stage_arguments},
                             {"$unwind", Kind::stage_arguments},
                             {"$geoNear", Kind::stage_arguments},
                             {"$bucket", Kind::stage_arguments},
                             {"$bucketAuto", Kind::stage_arguments},
                             {"$densify", Kind::stage_arguments},
                             {"$fill", Kind::stage_arguments},
                             {"$sample", Kind::stage_arguments},
                             {"$replaceRoot", Kind::stage_arguments},
                             {"$setWindowFields", Kind::stage_arguments},
                             {"$unionWith", Kind::collection},
                             {"$out", Kind::collection},
                             {"$merge", Kind::collection},
                             {"$replaceWith", Kind::expression},
                             {"$redact", Kind::expression},
                             {"$sortByCount", Kind::expression},
                             {"$unset", Kind::literals}};

// Of other arguments the value is data.
constexpr Field kStageArguments[] = {{"from", Kind::collection},
                                     {"into", Kind::collection},
                                     {"coll", Kind::text},
                                     {"db", Kind::text},
                                     {"pipeline", Kind::stages},
                                     {"whenMatched", Kind::stages},
                                     {"query", Kind::filter},
                                     {"restrictSearchWithMatch", Kind::filter},
                                     {"sortBy", Kind::sort},
                                     {"output", Kind::fields},
                                     {"let", Kind::expression},
                                     {"newRoot", Kind::expression},
                                     {"startWith", Kind::expression},
                                     {"groupBy", Kind::expression},
                                     {"partitionBy", Kind::expression},
                                     {"boundaries", Kind::literals},
                                     {"partitionByFields", Kind::literals},
                                     {"on", Kind::literals}};

// Of operators of expressions. The value of another argument is an expression.
constexpr Field kArguments[] = {{"branches", Kind::branches}, {"sortBy", Kind::sort}};

const Field* find_in(Fields fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

Kind kind_in(Fields fields, std::string_view name, Kind otherwise) {
  const Field* field = find_in(fields, name);
  return field == nullptr ? otherwise : field->kind;
}

Fields fields_of(std::string_view command) {
  const auto* found =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const auto& c) { return c.first == command; });
  return found == std::end(kCommands) ? Fields() : found->second;
}

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = MME_HASH_START;
  for (const char c : text) hash = mme_hash_byte(hash, static_cast<uint8_t>(c));
  return hash;
}

bool is_command(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return mme_mongo_command_id(static_cast<uint32_t>(fnv1a(lower))) != MME_COMMAND_other;
}

bool begins_with_operator(std::string_view document) {
  const auto first = BsonReader(document).next();
  return first && first->key.starts_with('$');
}

bool has_arguments_only(std::string_view document) {
  BsonReader reader(document);
  bool some = false;
  for (; const auto element = reader.next(); some = true) {
    if (!is_operator_argument(element->key)) return false;
  }
  return some;
}

// What is in an array.
Kind element_of(Kind array) {
  switch (array) {
    case Kind::filter:
      return Kind::filter;
    case Kind::predicates:
      return Kind::predicate;
    case Kind::statements:
      return Kind::statement;
    case Kind::update:
    case Kind::stages:
      return Kind::stage;
    case Kind::branches:
      return Kind::arguments;
    case Kind::projected:
    case Kind::expression:
    case Kind::arguments:
      return Kind::expression;
    default:
      return Kind::literals;
  }
}

// How a document is written.
enum class Form {
  literal,  // `?`
  named,    // its keys, as far as below() says so
  object,   // of an expression: an operator, arguments, or keys that are data
};

Form form_of(Kind kind, std::string_view document) {
  switch (kind) {
    case Kind::filter:
    case Kind::assignment:
    case Kind::sort:
    case Kind::projection:
    case Kind::stage_arguments:
    case Kind::collection:
    case Kind::facets:
    case Kind::fields:
      return Form::named;
    case Kind::predicate:
    case Kind::update:
    case Kind::stage:
      return begins_with_operator(document) ? Form::named : Form::literal;
    case Kind::direction:
    case Kind::projected:
    case Kind::expression:
      return Form::object;
    case Kind::arguments:
      return has_arguments_only(document) ? Form::named : Form::object;
    default:
      return Form::literal;
  }
}

struct Below {
  bool shown;  // the key
  Kind kind;   // of the value
};

Below below(Kind document, std::string_view key) {
  const bool known = is_operator(key);
  switch (document) {
    case Kind::filter:
      if (!key.starts_with('$')) return {true, Kind::predicate};
      return {known, kind_in(kFilterOperators, key, Kind::literals)};
    case Kind::predicate:
      return {known, kind_in(kPredicateOperators, key, Kind::literals)};
    case Kind::update:
      return {known, known ? Kind::assignment : Kind::hidden};
    case Kind::assignment:
      return {true, Kind::literals};
    case Kind::sort:
      return {true, Kind::direction};
    case Kind::projection:
      return {true, Kind::projected};
    case Kind::facets:
      return {true, Kind::stages};
    case Kind::fields:
      return {true, Kind::expression};
    case Kind::stage:
      return {known, kind_in(kStages, key, Kind::hidden)};
    case Kind::stage_arguments:
    case Kind::collection:
      return {is_stage_argument(key), kind_in(kStageArguments, key, Kind::hidden)};
    default:
      break;
  }
  // An expression. `$literal` says that all below it is data.
  if (document == Kind::projected && key == "$elemMatch") return {true, Kind::filter};
  if (known) return {true, key == "$literal" || key == "$const" ? Kind::hidden : Kind::arguments};
  return is_operator_argument(key) ? Below{true, kind_in(kArguments, key, Kind::expression)}
                                   : Below{false, Kind::hidden};
}

std::string quoted(std::string_view text) {
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

std::string joined(const std::vector<std::string>& shapes) {
  return fmt::format("{}", fmt::join(shapes, ", "));
}

class Writer {
 public:
  // `{find: ?, …}`
  void command(const WireCommand& command) {
    out_ += '{';
    key(command.name, is_command(command.name));
    if (command.name == "explain")
      explained(command.document);
    else
      out_ += kLiteral;
    const Fields fields = fields_of(command.name);
    named_fields(command.document, fields, true);
    for (const auto& [name, documents] : command.sequences) {
      if (kind_in(fields, name, Kind::hidden) == Kind::statements) sequence(name, documents);
    }
    out_ += '}';
  }

  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] std::string text() && { return std::move(out_); }

 private:
  void key(std::string_view name, bool shown) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != ':' && c != ',' && c != '{' && c != '}' && c != '?';
    });
    if (shown) {
      const std::string text = label_text(name, false);
      out_ += plain ? text : quoted(text);
    } else {
      out_ += kLiteral;
    }
    out_ += ": ";
  }

  void explained(std::string_view document) {
    const auto explained = BsonReader(document).next();
    const auto first = explained && explained->type == MME_BSON_DOCUMENT ? BsonReader(explained->value).next()
                                                                         : std::optional<BsonElement>();
    if (first && first->key != "explain")
      command({.name = first->key, .document = explained->value, .sequences = {}});
    else
      out_ += kLiteral;
  }

  // Those of a command, behind its name, or of a statement. What is not among `fields` says nothing of the shape.
  void named_fields(std::string_view document, Fields fields, bool behind_name) {
    BsonReader reader(document);
    bool first = !behind_name;
    for (bool is_name = behind_name; const auto element = reader.next(); is_name = false) {
      const Field* field = is_name ? nullptr : find_in(fields, element->key);
      if (field == nullptr) continue;
      if (!first) out_ += ", ";
      first = false;
      key(element->key, true);
      value(*element, field->kind, 1);
    }
    cut_ = cut_ || reader.cut();
  }

  void sequence(std::string_view name, std::string_view documents) {
    out_ += ", ";
    key(name, true);
    std::vector<std::string> shapes;
    while (!documents.empty()) {
      const std::optional<size_t> size = document_size(documents);
      if (!size) break;
      add_shape(shapes, [&] { statement(documents.substr(0, *size)); });
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

  void statement(std::string_view document) {
    out_ += '{';
    named_fields(document, kStatement, false);
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

  void list(const std::vector<std::string>& shapes) { out_ += shapes.empty() ? "[?]" : "[" + joined(shapes) + "]"; }

  void value(const BsonElement& element, Kind kind, size_t depth) {
    if (kind == Kind::hidden) {
      out_ += kLiteral;
    } else if (depth > kDepthMax || out_.size() > kBytesMax) {
      out_ += kMore;
    } else if (element.type == MME_BSON_ARRAY) {
      array(element.value, element_of(kind), depth);
    } else if (element.type == MME_BSON_DOCUMENT && kind == Kind::statement) {
      statement(element.value);
    } else if (element.type == MME_BSON_DOCUMENT) {
      document(element.value, kind, depth);
    } else {
      scalar(element, kind);
    }
  }

  void scalar(const BsonElement& element, Kind kind) {
    const auto number = element.number();
    const auto text = element.text();
    const bool is_direction = kind == Kind::sort || kind == Kind::direction;
    computed_ = computed_ || (text && text->starts_with('$'));
    if ((kind == Kind::text || kind == Kind::collection) && text)
      out_ += quoted(label_text(*text, false));
    else if (kind == Kind::flag && number)
      out_ += *number != 0 ? "true" : "false";
    else if (kind == Kind::projected && number)
      out_ += *number != 0 ? "1" : "0";
    else if (is_direction && number && (*number == 1 || *number == -1))
      out_ += *number == 1 ? "1" : "-1";
    else
      out_ += kLiteral;
  }

  void array(std::string_view bytes, Kind kind, size_t depth) {
    const bool is_data = kind == Kind::literals;
    const bool outer = std::exchange(computed_, !is_data && kind != Kind::expression);
    BsonReader reader(bytes);
    std::vector<std::string> shapes;
    while (const auto element = reader.next()) {
      if (!is_data) add_shape(shapes, [&] { value(*element, kind, depth + 1); });
    }
    cut_ = cut_ || reader.cut();
    list(computed_ ? shapes : std::vector<std::string>());
    computed_ = computed_ || outer;
  }

  void document(std::string_view bytes, Kind kind, size_t depth) {
    switch (form_of(kind, bytes)) {
      case Form::literal:
        out_ += kLiteral;
        return;
      case Form::object:
        if (!begins_with_operator(bytes)) return object(bytes, depth);
        computed_ = true;
        break;
      case Form::named:
        break;
    }
    BsonReader reader(bytes);
    out_ += '{';
    bool first = true;
    while (const auto element = reader.next()) {
      if (!first) out_ += ", ";
      first = false;
      const Below is = below(kind, element->key);
      key(element->key, is.shown);
      value(*element, is.kind, depth + 1);
      if (out_.size() > kBytesMax) break;
    }
    cut_ = cut_ || reader.cut();
    out_ += '}';
  }

  // A document that an expression builds: `{?: {$add: [?]}}`, or `?` where nothing in it is computed.
  void object(std::string_view bytes, size_t depth) {
    const bool outer = std::exchange(computed_, false);
    BsonReader reader(bytes);
    std::vector<std::string> shapes;
    while (const auto element = reader.next()) {
      add_shape(shapes, [&] {
        key(element->key, false);
        value(*element, Kind::expression, depth + 1);
      });
    }
    cut_ = cut_ || reader.cut();
    out_ += computed_ ? "{" + joined(shapes) + "}" : std::string(kLiteral);
    computed_ = computed_ || outer;
  }

  std::string out_;
  bool computed_ = false;  // what was read last of an expression has operators or fields of the document
  bool cut_ = false;
};

}  // namespace

QueryShape query_shape(const WireCommand& command) {
  Writer writer;
  writer.command(command);
  QueryShape shape;
  shape.complete = !command.cut && !writer.cut();
  shape.text = std::move(writer).text();
  shape.hash = fnv1a(shape.complete ? shape.text : shape.text + std::string(kMore));  // one that may go on is another
  return shape;
}

}  // namespace mme::mongo

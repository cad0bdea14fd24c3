// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_command.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "base/utf8.h"

namespace mme::mongo {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNanosecondsPerMillisecond = 1e6;
constexpr double kMillisecondsMax = 9e12;  // what 64 bits of nanoseconds hold

double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / kNanosecondsPerMillisecond;
}

// JSON leaves DEL, C1 and the line separators as they are; a terminal and some readers of lines do not.
std::string without_controls(std::string_view json) {
  std::string line;
  line.reserve(json.size());
  while (!json.empty()) {
    const Utf8Character character = first_character(json);
    const size_t length = std::max<size_t>(character.length, 1);
    if (is_control(character.code)) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<uint32_t>(character.code));
    } else {
      line += json.substr(0, length);
    }
    json.remove_prefix(length);
  }
  return line;
}

// Takes typed values out of an object and keeps the first thing that is wrong.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (const auto* text = value->get_ptr<const Json::string_t*>()) return *text;
    wrong(key, "is no text");
    return {};
  }

  std::chrono::nanoseconds duration(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return {};
    const double ms = value->is_number() ? value->get<double>() : -1;
    if (ms >= 0 && ms <= kMillisecondsMax) {
      return std::chrono::nanoseconds(std::llround(ms * kNanosecondsPerMillisecond));
    }
    wrong(key, "is no duration in milliseconds");
    return {};
  }

  template <typename Number>
  std::optional<Number> number(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    using Limits = std::numeric_limits<Number>;
    if (const auto* whole = value->get_ptr<const Json::number_unsigned_t*>()) {
      if (*whole <= static_cast<uint64_t>(Limits::max())) return static_cast<Number>(*whole);
    } else if (const auto* negative = value->get_ptr<const Json::number_integer_t*>()) {
      if (std::cmp_greater_equal(*negative, Limits::min())) return static_cast<Number>(*negative);
    }
    wrong(key, "is no whole number of its range");
    return std::nullopt;
  }

  bool flag(const char* key, bool otherwise) {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (value->is_boolean()) return value->get<bool>();
    wrong(key, "is neither true nor false");
    return otherwise;
  }

  // A number in digits, all of the text.
  template <typename Number>
  std::optional<Number> digits(const char* key, int base) {
    const std::string written = text(key);
    if (written.empty()) return std::nullopt;
    Number number = 0;
    const char* end = written.data() + written.size();
    if (const auto [to, problem] = std::from_chars(written.data(), end, number, base);
        to == end && problem == std::errc{}) {
      return number;
    }
    wrong(key, "is no number of its range");
    return std::nullopt;
  }

  void need(const char* key) {
    if (find(key) == nullptr) wrong(key, "is missing");
  }
  void wrong(const char* key, const char* problem) {
    if (problem_.empty()) problem_ = fmt::format("{} {}", key, problem);
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  [[nodiscard]] const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  std::string problem_;
};

}  // namespace

std::string namespace_of(const SlowCommand& command) {
  return command.collection.empty() ? command.database : command.database + "." + command.collection;
}

std::string to_json_line(const SlowCommand& command) {
  Json line;
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) line[key] = text;
  };
  line["time"] = to_rfc3339(command.time, 6);
  line["duration_ms"] = milliseconds(command.duration);
  if (command.first_byte) line["first_byte_ms"] = milliseconds(*command.first_byte);
  add("target", command.target);
  add("database", command.database);
  add("collection", command.collection);
  line["command"] = command.command;
  add("shape", command.shape);
  if (command.fingerprint) {
    line["fingerprint"] = fmt::format("{:016x}", *command.fingerprint);
    line["shape_complete"] = command.shape_complete;
  }
  add("application", command.application);
  add("driver", command.driver);
  add("client", command.client);
  if (command.replication) line["replication"] = true;
  line["request_bytes"] = command.request_bytes;
  line["response_bytes"] = command.response_bytes;
  if (command.documents) line["documents"] = *command.documents;
  if (command.cursor_id) line["cursor_id"] = std::to_string(*command.cursor_id);
  add("cursor_command", command.cursor_command);
  if (command.error) line["error"] = *command.error;
  add("error_name", command.error_name);
  if (command.literals) line["literals"] = *command.literals;
  return without_controls(line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<SlowCommand> from_json_line(std::string_view line) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return fail("is no JSON object");
  Fields fields(object);
  for (const char* key : {"time", "duration_ms", "command"}) fields.need(key);

  SlowCommand command;
  const auto time = parse_rfc3339(fields.text("time"));
  if (!time) fields.wrong("time", "is no RFC 3339 time in UTC");
  command.time = time.value_or(command.time);
  command.duration = fields.duration("duration_ms");
  if (const auto until = fields.duration("first_byte_ms"); until.count() != 0) command.first_byte = until;
  command.target = fields.text("target");
  command.database = fields.text("database");
  command.collection = fields.text("collection");
  command.command = fields.text("command");
  command.shape = fields.text("shape");
  command.fingerprint = fields.digits<uint64_t>("fingerprint", 16);
  if (command.fingerprint == 0U) command.fingerprint.reset();
  command.shape_complete = fields.flag("shape_complete", true);
  command.application = fields.text("application");
  command.driver = fields.text("driver");
  command.client = fields.text("client");
  command.replication = fields.flag("replication", false);
  command.request_bytes = fields.number<uint64_t>("request_bytes").value_or(0);
  command.response_bytes = fields.number<uint64_t>("response_bytes").value_or(0);
  command.documents = fields.number<int64_t>("documents");
  command.cursor_id = fields.digits<int64_t>("cursor_id", 10);
  command.cursor_command = fields.text("cursor_command");
  command.error = fields.number<int32_t>("error");
  command.error_name = fields.text("error_name");
  if (object.contains("literals")) command.literals = fields.text("literals");
  if (!fields.problem().empty()) return fail(fields.problem());
  return command;
}

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mme {

enum class LogLevel : uint8_t { debug, info, warn, error };
enum class LogFormat : uint8_t { logfmt, json };

// "debug" | "info" | "warn" | "error", "logfmt" | "json": exactly these, else nothing.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view text);
[[nodiscard]] std::string_view to_string(LogLevel level);
[[nodiscard]] std::string_view to_string(LogFormat format);

// One key=value of a line. It borrows its texts: make it in the call that logs it. Keys are [A-Za-z0-9_.-] (anything
// else is written as `_`) and none of time, level, msg.
class LogField {
 public:
  using Value = std::variant<std::string_view, int64_t, uint64_t, double, bool>;

  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const std::string& text) : key(field_key), value(std::string_view(text)) {}
  LogField(std::string_view field_key, const char* text)
      : key(field_key), value(std::string_view(text != nullptr ? text : "")) {}
  LogField(std::string_view field_key, bool flag) : key(field_key), value(flag) {}
  LogField(std::string_view field_key, std::signed_integral auto number)
      : key(field_key), value(static_cast<int64_t>(number)) {}
  LogField(std::string_view field_key, std::unsigned_integral auto number)
      : key(field_key), value(static_cast<uint64_t>(number)) {}
  LogField(std::string_view field_key, std::floating_point auto number)
      : key(field_key), value(static_cast<double>(number)) {}

  std::string_view key;
  Value value;
};

using LogFields = std::initializer_list<LogField>;

// One line without its newline: time (RFC 3339, UTC, milliseconds), level, msg, then the fields in their order. Nothing
// in a message or value can end the line or forge a field: quotes, control characters and line separators are escaped,
// bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string format_log_line(LogFormat format, LogLevel level, std::chrono::system_clock::time_point time,
                                          std::string_view message, LogFields fields);

// Writes one line a call, whole, from any thread. Level and format may change at any time (reload).
class Logger {
 public:
  Logger(LogLevel level, LogFormat format);                        // to stderr
  Logger(LogLevel level, LogFormat format, std::ostream& output);  // `output` outlives the logger
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void debug(std::string_view message, LogFields fields = {}) { write(LogLevel::debug, message, fields); }
  void info(std::string_view message, LogFields fields = {}) { write(LogLevel::info, message, fields); }
  void warn(std::string_view message, LogFields fields = {}) { write(LogLevel::warn, message, fields); }
  void error(std::string_view message, LogFields fields = {}) { write(LogLevel::error, message, fields); }

  void set_level(LogLevel level);
  void set_format(LogFormat format);
  [[nodiscard]] LogLevel level() const;
  [[nodiscard]] LogFormat format() const;
  [[nodiscard]] bool enabled(LogLevel level) const;  // spares the making of costly fields

 private:
  struct Impl;
  void write(LogLevel level, std::string_view message, LogFields fields);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mme

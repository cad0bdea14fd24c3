// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/rfc3339.h"
#include "base/utf8.h"

namespace mme {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kFormats = {"logfmt", "json"};

// The escapes of a JSON string, which logfmt readers understand as well.
void append_escaped(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.length == 0) {
      line += "\uFFFD";
      text.remove_prefix(1);
      continue;
    }
    switch (character.code) {
      case '"':
        line += "\\\"";
        break;
      case '\\':
        line += "\\\\";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        if (is_control(character.code)) {
          fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<uint32_t>(character.code));
        } else {
          line += text.substr(0, character.length);
        }
    }
    text.remove_prefix(character.length);
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text);
  line += '"';
}

void append_key(std::string& line, std::string_view key) {
  for (const char c : key) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    line += plain ? c : '_';
  }
  if (key.empty()) line += '_';
}

bool is_bare(std::string_view text) {
  if (text.empty() || !is_printable_text(text)) return false;
  return text.find_first_of(" =\"\\") == std::string_view::npos;
}

void append_text(std::string& line, LogFormat format, std::string_view text) {
  if (format == LogFormat::logfmt && is_bare(text)) {
    line += text;
  } else {
    append_quoted(line, text);
  }
}

void append_value(std::string& line, LogFormat format, const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return append_text(line, format, *text);
  if (const auto* flag = std::get_if<bool>(&value)) {
    line += *flag ? "true" : "false";
  } else if (const auto* real = std::get_if<double>(&value)) {
    // JSON has no infinity and no NaN.
    if (std::isfinite(*real)) {
      fmt::format_to(std::back_inserter(line), "{}", *real);
    } else {
      append_text(line, format, fmt::format("{}", *real));
    }
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    fmt::format_to(std::back_inserter(line), "{}", *integer);
  } else if (const auto* whole = std::get_if<uint64_t>(&value)) {
    fmt::format_to(std::back_inserter(line), "{}", *whole);
  }
}

spdlog::sink_ptr plain(spdlog::sink_ptr sink) {
  // The line is complete already: spdlog adds the newline, serialises and flushes.
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  return sink;
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (text == kLevels[i]) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  for (size_t i = 0; i < kFormats.size(); ++i) {
    if (text == kFormats[i]) return static_cast<LogFormat>(i);
  }
  return std::nullopt;
}

std::string_view to_string(LogLevel level) {
  return kLevels[static_cast<size_t>(level)];
}
std::string_view to_string(LogFormat format) {
  return kFormats[static_cast<size_t>(format)];
}

std::string format_log_line(LogFormat format, LogLevel level, std::chrono::system_clock::time_point time,
                            std::string_view message, LogFields fields) {
  const bool json = format == LogFormat::json;
  std::string line = json ? "{\"time\":\"" : "time=";
  line += to_rfc3339(time, 3);
  line += json ? "\",\"level\":\"" : " level=";
  line += to_string(level);
  line += json ? "\",\"msg\":" : " msg=";
  append_text(line, format, message);
  for (const LogField& field : fields) {
    line += json ? ",\"" : " ";
    append_key(line, field.key);
    line += json ? "\":" : "=";
    append_value(line, format, field.value);
  }
  if (json) line += '}';
  return line;
}

struct Logger::Impl {
  Impl(LogLevel initial_level, LogFormat initial_format, spdlog::sink_ptr sink)
      : level(initial_level), format(initial_format), output("mme-agent", plain(std::move(sink))) {
    output.flush_on(spdlog::level::trace);
  }

  std::atomic<LogLevel> level;
  std::atomic<LogFormat> format;
  spdlog::logger output;
};

Logger::Logger(LogLevel level, LogFormat format)
    : impl_(std::make_unique<Impl>(level, format, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}
Logger::Logger(LogLevel level, LogFormat format, std::ostream& output)
    : impl_(std::make_unique<Impl>(level, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(output))) {}
Logger::~Logger() = default;

void Logger::set_level(LogLevel level) {
  impl_->level = level;
}
void Logger::set_format(LogFormat format) {
  impl_->format = format;
}
LogLevel Logger::level() const {
  return impl_->level;
}
LogFormat Logger::format() const {
  return impl_->format;
}
bool Logger::enabled(LogLevel level) const {
  return level >= impl_->level.load();
}

void Logger::write(LogLevel level, std::string_view message, LogFields fields) {
  if (!enabled(level)) return;
  const auto now = std::chrono::system_clock::now();
  const std::string line = format_log_line(impl_->format, level, now, message, fields);
  impl_->output.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace mme

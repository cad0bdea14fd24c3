// SPDX-License-Identifier: Apache-2.0
#include "config/slow.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "config/units.h"

namespace mme {
namespace {

constexpr std::chrono::nanoseconds kThresholdMax = std::chrono::hours(1);
constexpr uint64_t kFileBytesMin = 64U << 10U;
constexpr uint64_t kFileBytesMax = uint64_t{100} << 30U;
constexpr int64_t kFilesMax = 100;

constexpr KnownKey kSlowKeys[] = {{"threshold"}, {"overrides"}, {"file"}, {"max_size"}, {"files"}, {"literals"}};
constexpr std::string_view kOverrideForm =
    "DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND";

std::optional<std::chrono::nanoseconds> read_threshold(Reader& reader, const Cursor& value) {
  const std::string what = fmt::format("{}, at most 1h", kDurationForm);
  const auto text = reader.text(value, what);
  if (!text) return std::nullopt;
  const auto duration = parse_duration(*text);
  if (duration && *duration <= kThresholdMax) return *duration;
  reader.error(value, duration ? in_quotes(*text) + " is out of range" : duration.error().message, "expected " + what);
  return std::nullopt;
}

// What it names may also be read in another way, as a collection may have a colon: then it is of both.
bool is_override(std::string_view name) {
  if (name.empty() || !is_printable_text(name)) return false;
  if (name.starts_with(kOverrideOfCommand)) return name.size() > kOverrideOfCommand.size();
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return name.find(':') == std::string_view::npos;
  const std::string_view collection = name.substr(dot + 1);
  return dot > 0 && !collection.empty() && !collection.starts_with(':') && !collection.ends_with(':');
}

void read_overrides(Reader& reader, const Cursor& overrides, SlowConfig& slow) {
  for (const auto& [name, value] : reader.members(overrides)) {
    if (!is_override(name)) {
      reader.error_at(value.key_at, value.path, in_quotes(name) + " names no commands",
                      fmt::format("expected {}", kOverrideForm));
    }
    if (const auto threshold = read_threshold(reader, value)) slow.overrides.insert_or_assign(name, *threshold);
  }
}

void read_file(Reader& reader, const Cursor& value, SlowConfig& slow) {
  constexpr std::string_view what = "the absolute path of a file";
  const Node& node = *value.node;
  if (node.kind == NodeKind::scalar && node.text.empty()) {
    slow.file.clear();  // "", no file
    return;
  }
  slow.file = reader.text(value, what).value_or("");
  if (slow.file.empty()) return;
  if (!slow.file.starts_with('/')) {
    reader.error(value, in_quotes(slow.file) + " is no absolute path", fmt::format("expected {}", what));
  } else if (slow.file.ends_with('/')) {
    reader.error(value, in_quotes(slow.file) + " is a directory", fmt::format("expected {}", what));
  }
}

void read_max_size(Reader& reader, const Cursor& value, SlowConfig& slow) {
  const std::string what = fmt::format("{}, from 64KiB to 100GiB", kSizeForm);
  const auto text = reader.text(value, what);
  if (!text) return;
  const auto size = parse_size(*text);
  if (!size || *size < kFileBytesMin || *size > kFileBytesMax) {
    reader.error(value, size ? in_quotes(*text) + " is out of range" : size.error().message, "expected " + what);
    return;
  }
  slow.max_bytes = *size;
}

}  // namespace

void read_slow(Reader& reader, const Cursor& slow, Config& config) {
  const Members keys = reader.members(slow, kSlowKeys);
  if (const Cursor* value = find(keys, "threshold")) {
    if (const auto threshold = read_threshold(reader, *value)) config.slow.threshold = *threshold;
  }
  if (const Cursor* value = find(keys, "overrides")) read_overrides(reader, *value, config.slow);
  if (const Cursor* value = find(keys, "file")) read_file(reader, *value, config.slow);
  if (const Cursor* value = find(keys, "max_size")) read_max_size(reader, *value, config.slow);
  if (const Cursor* value = find(keys, "files")) {
    if (const auto files = reader.whole_number(*value, 1, kFilesMax)) config.slow.files = static_cast<uint32_t>(*files);
  }
  if (const Cursor* value = find(keys, "literals")) {
    if (const auto literals = reader.flag(*value)) config.slow.literals = *literals;
  }
}

}  // namespace mme

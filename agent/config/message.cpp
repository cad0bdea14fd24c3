// SPDX-License-Identifier: Apache-2.0
#include "config/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace mme {
namespace {

constexpr size_t kShownBytes = 60;

// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string result;
  size_t used = 0;
  while (used < text.size()) {
    if (used >= kShownBytes) return result + "…";
    const Utf8Character character = first_character(text.substr(used));
    if (character.length == 0) {
      result += "\uFFFD";
    } else if (is_control(character.code)) {
      fmt::format_to(std::back_inserter(result), "\\u{:04x}", static_cast<uint32_t>(character.code));
    } else {
      if (character.code == '"' || character.code == '\\') result += '\\';
      result += text.substr(used, character.length);
    }
    used += std::max<size_t>(character.length, 1);
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return '"' + shown(text) + '"';
}

std::string key_path(const std::string& parent, std::string_view key) {
  const bool word = !key.empty() && key.size() <= kShownBytes && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  const std::string last = word ? std::string(key) : in_quotes(key);
  return parent.empty() ? last : parent + "." + last;
}

std::optional<std::string_view> nearest(std::string_view text, std::span<const std::string_view> known) {
  if (text.size() < 2 || text.size() > kShownBytes) return std::nullopt;
  const std::string written = lower(text);
  std::optional<std::string_view> best;
  size_t best_distance = 0;
  for (const std::string_view candidate : known) {
    const size_t longer = std::max(written.size(), candidate.size());
    size_t distance = edit_distance(written, candidate);
    // "warning" means warn, "bound" means bounds.
    const bool prefix = std::min(written.size(), candidate.size()) >= 3 &&
                        (written.starts_with(candidate) || candidate.starts_with(written));
    if (prefix) distance = std::min<size_t>(distance, 1);
    if (distance > std::max<size_t>(1, longer / 3)) continue;
    if (!best || distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace mme

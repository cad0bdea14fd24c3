// SPDX-License-Identifier: Apache-2.0
#include "cli/printable.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/utf8.h"

namespace mme {
namespace {

// Characters of no width and those that change the direction of writing.
bool is_invisible(char32_t code) {
  return (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0xad || code == 0x61c;
}

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

// Three digits: 1.23, 12.3, 123.
std::string three_digits(double value) {
  return formatted(value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.length == 0) {
      result += formatted("\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (is_control(character.code) || is_invisible(character.code)) {
      const bool byte = character.code < 0x80;
      result += formatted(byte ? "\\x%02x" : "\\u{%04x}", static_cast<unsigned>(character.code));
    } else {
      result += text.substr(0, character.length);
    }
    text.remove_prefix(character.length);
  }
  return result;
}

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

std::string left(std::string_view text, size_t width) {
  const size_t wide = columns(text);
  if (wide <= width) return std::string(text) + std::string(width - wide, ' ');
  std::string cut;
  for (size_t column = 0; column + 1 < width; ++column) {
    const size_t length = std::max<size_t>(first_character(text).length, 1);
    cut += text.substr(0, length);
    text.remove_prefix(length);
  }
  return cut + "~";
}

std::string right(std::string_view text, size_t width) {
  const size_t wide = columns(text);
  return std::string(wide < width ? width - wide : 0, ' ') + std::string(text);
}

std::string duration_text(double seconds) {
  if (seconds < 0.0009995) return three_digits(seconds * 1e6) + "us";
  if (seconds < 0.9995) return three_digits(seconds * 1e3) + "ms";
  return three_digits(seconds) + "s";
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  while (bytes >= 1023.5 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return (unit == 0 ? formatted("%.0f", bytes) : three_digits(bytes)) + " " + kUnits[unit];
}

std::string uptime_text(double seconds) {
  const auto whole = static_cast<long>(std::max(seconds, 0.0));
  if (whole < 60) return formatted("%lds", whole);
  if (whole < 3600) return formatted("%ldm%lds", whole / 60, whole % 60);
  if (whole < 86400) return formatted("%ldh%ldm", whole / 3600, whole / 60 % 60);
  return formatted("%ldd%ldh", whole / 86400, whole / 3600 % 24);
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "traefik/regex.h"

#include <re2/re2.h>

#include "base/utf8.h"

namespace mme::traefik {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = first_character(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string with_replacements(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = first_character(text).length;
    if (length == 0) {
      out += "\uFFFD";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

// Go 1.22 takes (?<name>…) as well, the RE2 of Debian 12 (?P<name>…) only.
std::string with_named_groups(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); i++) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern.substr(i++, 2);
      continue;
    }
    out += pattern[i];
    if (pattern.substr(i, 3) == "(?<") {
      out += "?P";
      i++;
    }
  }
  return out;
}

// \C is one byte in RE2 and an error in Go. Inside \Q…\E it is neither, which nobody writes.
bool has_byte_class(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); i++) {
    if (pattern[i] != '\\') continue;
    if (pattern[i + 1] == 'C') return true;
    i++;
  }
  return false;
}

}  // namespace

struct Regex::Impl {
  explicit Impl(const std::string& pattern) : re(pattern, options()) {}

  static RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }

  RE2 re;
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::~Regex() = default;

tl::expected<std::shared_ptr<const Regex>, Regex::Failure> Regex::compile(std::string_view pattern) {
  if (!is_utf8(pattern)) return tl::make_unexpected(Failure{false, "the regular expression is not UTF-8"});
  if (has_byte_class(pattern)) return tl::make_unexpected(Failure{false, "invalid escape sequence: \\C"});
  auto impl = std::make_unique<Impl>(std::string(pattern));
  if (!impl->re.ok() && pattern.find("(?<") != std::string_view::npos) {
    impl = std::make_unique<Impl>(with_named_groups(pattern));
  }
  if (!impl->re.ok()) {
    const auto code = impl->re.error_code();
    // The memory for a program differs, and so do the versions of Unicode behind \p{…}.
    const bool unsure = code == RE2::ErrorPatternTooLarge || code == RE2::ErrorInternal ||
                        (code == RE2::ErrorBadCharRange && pattern.find("\\p") != std::string_view::npos);
    return tl::make_unexpected(Failure{unsure, impl->re.error()});
  }
  return std::shared_ptr<const Regex>(new Regex(std::move(impl)));
}

bool Regex::found_in(std::string_view text) const {
  if (is_utf8(text)) return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->re);
  const std::string repaired = with_replacements(text);
  return RE2::PartialMatch(repaired, impl_->re);
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/rule_lexer.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"

namespace mme::traefik {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// `count` digits of `base` at the start of the text.
std::optional<uint32_t> number(std::string_view text, size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    if (digit_value(c) >= base) return std::nullopt;
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit_value(c));
  }
  return value;
}

}  // namespace

Token RuleLexer::token(TokenKind kind, size_t length) {
  Token made{kind, at_ + 1, std::string(rule_.substr(at_, length))};
  at_ += length;
  line_may_end_ = kind == TokenKind::name || kind == TokenKind::text || kind == TokenKind::close;
  return made;
}

Token RuleLexer::bad(size_t at, std::string problem) {
  at_ = rule_.size();
  return {TokenKind::bad, at + 1, std::move(problem)};
}

bool RuleLexer::skip_blanks() {
  while (at_ < rule_.size()) {
    const char c = rule_[at_];
    if (c == '\n' && line_may_end_) {
      at_++;
      return true;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      at_++;
    } else if (rule_.substr(at_, 2) == "//") {
      at_ = std::min(rule_.find('\n', at_), rule_.size());
    } else if (rule_.substr(at_, 2) == "/*") {
      const size_t end = rule_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return false;  // left as two operators, which no rule can hold
      const bool lines = rule_.substr(at_, end - at_).find('\n') != std::string_view::npos;
      at_ = end + 2;
      if (lines && line_may_end_) return true;
    } else {
      return false;
    }
  }
  return false;
}

Token RuleLexer::next() {
  if (skip_blanks()) {
    line_may_end_ = false;
    return {TokenKind::newline, at_, {}};
  }
  if (at_ >= rule_.size()) return {TokenKind::end, rule_.size() + 1, {}};
  const std::string_view rest = rule_.substr(at_);
  const char c = rest[0];
  if (is_letter(c)) {
    size_t length = 1;
    while (length < rest.size() && (is_letter(rest[length]) || is_digit(rest[length]))) length++;
    return token(TokenKind::name, length);
  }
  if (rest.substr(0, 2) == "&&") return token(TokenKind::both, 2);
  if (rest.substr(0, 2) == "||") return token(TokenKind::either, 2);
  if (rest.substr(0, 3) == "...") return token(TokenKind::ellipsis, 3);
  switch (c) {
    case '`':
      return raw_text();
    case '"':
      return quoted_text();
    case '(':
      return token(TokenKind::open, 1);
    case ')':
      return token(TokenKind::close, 1);
    case ',':
      return token(TokenKind::comma, 1);
    case '!':
      return rest.substr(0, 2) == "!=" ? token(TokenKind::other, 2) : token(TokenKind::negate, 1);
    default:
      return token(TokenKind::other, std::max<size_t>(first_character(rest).length, 1));
  }
}

Token RuleLexer::raw_text() {
  const size_t end = rule_.find('`', at_ + 1);
  if (end == std::string_view::npos) return bad(at_, "the text has no closing backquote");
  Token made = token(TokenKind::text, end + 1 - at_);
  made.text = made.text.substr(1, made.text.size() - 2);
  std::erase(made.text, '\r');  // as Go's raw strings
  return made;
}

Token RuleLexer::quoted_text() {
  std::string text;
  for (size_t i = at_ + 1; i < rule_.size() && rule_[i] != '\n';) {
    if (rule_[i] == '"') {
      Token made = token(TokenKind::text, i + 1 - at_);
      made.text = std::move(text);
      return made;
    }
    if (rule_[i] != '\\') {
      text += rule_[i++];
    } else if (!escape(i, text)) {
      return bad(i, "a text in double quotes has an escape that Go does not know; backquotes need none");
    }
  }
  return bad(at_, "the text has no closing quote");
}

// `at` is at the backslash and moves behind the escape.
bool RuleLexer::escape(size_t& at, std::string& out) const {
  constexpr std::string_view kNames = "abfnrtv\\\"";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"";
  const std::string_view rest = rule_.substr(at + 1);
  if (rest.empty()) return false;
  if (const size_t index = kNames.find(rest[0]); index != std::string_view::npos) {
    out += kValues[index];
    at += 2;
    return true;
  }
  if (const auto octal = number(rest, 3, 8); octal && *octal < 256) {
    out += static_cast<char>(*octal);
    at += 4;
    return true;
  }
  const size_t digits = rest[0] == 'x' ? 2 : rest[0] == 'u' ? 4 : rest[0] == 'U' ? 8 : 0;
  const auto value = digits == 0 ? std::nullopt : number(rest.substr(1), digits, 16);
  if (!value) return false;
  if (digits == 2) {
    out += static_cast<char>(*value);
  } else {
    if (*value > 0x10ffff || (*value >= 0xd800 && *value < 0xe000)) return false;
    append_utf8(out, *value);
  }
  at += 2 + digits;
  return true;
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mme::traefik {

// The tokens of Go's expressions that a rule can hold. Anything else is `other`, which no rule can hold.
enum class TokenKind : uint8_t {
  end,
  name,
  text,
  open,
  close,
  comma,
  ellipsis,
  both,
  either,
  negate,
  newline,
  other,
  bad
};

struct Token {
  TokenKind kind = TokenKind::end;
  size_t position = 0;  // from 1
  std::string text;     // a name; a text without its quotes; what is wrong, of `bad`
};

// go/scanner as far as rules need it, comments and the semicolon that a line's end inserts included.
class RuleLexer {
 public:
  explicit RuleLexer(std::string_view rule) : rule_(rule) {}

  [[nodiscard]] Token next();

 private:
  [[nodiscard]] Token token(TokenKind kind, size_t length);
  [[nodiscard]] Token bad(size_t at, std::string problem);
  [[nodiscard]] Token raw_text();
  [[nodiscard]] Token quoted_text();
  [[nodiscard]] bool escape(size_t& at, std::string& out) const;
  // Blanks and comments; true when a line's end in them ends the expression.
  bool skip_blanks();

  std::string_view rule_;
  size_t at_ = 0;
  bool line_may_end_ = false;  // the last token was one after which Go inserts a semicolon
};

}  // namespace mme::traefik

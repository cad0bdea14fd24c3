// SPDX-License-Identifier: Apache-2.0
#include "traefik/predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace mme::traefik {
namespace {

constexpr size_t kDepthMax = 32;

// What an expression is: a predicate, a function of the request that gives a value, or a literal.
enum class Type : uint8_t { predicate, integer_of, number_of, text_of, integer, number, text };
template <typename T>
using Judged = tl::expected<T, Objection>;

struct Function {
  std::string_view name;
  std::span<const Type> arguments;
  Type result;
};
constexpr std::array<Type, 1> kQuantile = {Type::number};
constexpr std::array<Type, 4> kCodes = {Type::integer, Type::integer, Type::integer, Type::integer};
constexpr std::array<Function, 3> kBreakerFunctions = {{{"LatencyAtQuantileMS", kQuantile, Type::integer_of},
                                                        {"NetworkErrorRatio", {}, Type::number_of},
                                                        {"ResponseCodeRatio", kCodes, Type::number_of}}};
constexpr std::array<Function, 4> kRetryFunctions = {{{"RequestMethod", {}, Type::text_of},
                                                      {"IsNetworkError", {}, Type::predicate},
                                                      {"Attempts", {}, Type::integer_of},
                                                      {"ResponseCode", {}, Type::integer_of}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Token {
  enum class Kind : uint8_t { name, integer, number, text, sign, end };
  Kind kind = Kind::end;
  std::string_view text;
};

tl::unexpected<Objection> refused(std::string reason) {
  return tl::make_unexpected(Objection{true, std::move(reason)});
}
tl::unexpected<Objection> undecided(std::string_view what) {
  return tl::make_unexpected(Objection{false, fmt::format("only Traefik can judge its expression at {}", what)});
}

// 12, 0.5: no other base, no exponent, no underscore.
Judged<Token> number_at(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789."));
  const std::string_view rest = text.substr(digits.size());
  const auto dots = std::count(digits.begin(), digits.end(), '.');
  const bool plain = dots <= 1 && digits.front() != '.' && digits.back() != '.' && digits.size() <= 15 &&
                     (digits.front() != '0' || digits.size() == 1 || digits[1] == '.');
  if (!plain || (!rest.empty() && is_letter(rest.front()))) return undecided(text);
  return Token{dots == 0 ? Token::Kind::integer : Token::Kind::number, digits};
}

Judged<std::vector<Token>> tokens_of(std::string_view text) {
  constexpr std::array<std::string_view, 12> kSigns = {
      "&&", "||", "==", "!=", "<=", ">=", "<", ">", "(", ")", ",", "!"};
  std::vector<Token> tokens;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) break;
    Token token;
    const size_t closing = text.find(text.front(), 1);
    const auto sign =
        std::find_if(kSigns.begin(), kSigns.end(), [&](std::string_view s) { return text.starts_with(s); });
    if (is_letter(text.front())) {
      const auto* const end =
          std::find_if_not(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
      token = {Token::Kind::name, text.substr(0, static_cast<size_t>(end - text.begin()))};
    } else if (is_digit(text.front())) {
      const auto number = number_at(text);
      if (!number) return tl::make_unexpected(number.error());
      token = *number;
    } else if ((text.front() == '"' || text.front() == '`') && closing != std::string_view::npos) {
      token = {Token::Kind::text, text.substr(0, closing + 1)};
      if (token.text.find_first_of("\\\n") != std::string_view::npos) return undecided(text);
    } else if (sign != kSigns.end()) {
      token = {Token::Kind::sign, *sign};
    } else {
      return undecided(text);
    }
    text.remove_prefix(token.text.size());
    tokens.push_back(token);
  }
  tokens.emplace_back();
  return tokens;
}

class Parser {
 public:
  Parser(std::span<const Token> tokens, std::span<const Function> functions) : tokens_(tokens), functions_(functions) {}

  Judged<Type> whole() {
    auto type = any();
    if (type && tokens_.front().kind != Token::Kind::end) {
      return refused(fmt::format("its expression goes on with {}", tokens_.front().text));
    }
    if (type && *type != Type::predicate) return refused("its expression is no predicate");
    return type;
  }

 private:
  bool take(std::string_view sign) {
    if (tokens_.front().kind != Token::Kind::sign || tokens_.front().text != sign) return false;
    tokens_ = tokens_.subspan(1);
    return true;
  }

  Judged<Type> any() {
    return joined("||", [this] { return joined("&&", [this] { return comparison(); }); });
  }

  template <typename Next>
  Judged<Type> joined(std::string_view sign, Next next) {
    auto left = next();
    while (left && take(sign)) {
      auto right = next();
      if (!right) return right;
      if (*left != Type::predicate || *right != Type::predicate) {
        return refused(fmt::format("its expression has no predicate on both sides of {}", sign));
      }
    }
    return left;
  }

  Judged<Type> comparison() {
    constexpr std::array<std::string_view, 6> kEqualities = {"==", "!=", "<", "<=", ">", ">="};
    auto left = operand();
    while (left) {
      const auto sign = std::find_if(kEqualities.begin(), kEqualities.end(), [&](auto each) { return take(each); });
      if (sign == kEqualities.end()) break;
      auto right = operand();
      if (!right) return right;
      const bool ordered = *sign != "==" && *sign != "!=";
      const bool fits = (*left == Type::integer_of && *right == Type::integer) ||
                        (*left == Type::number_of && *right == Type::number) ||
                        (*left == Type::text_of && *right == Type::text && !ordered);
      if (!fits) return refused(fmt::format("its expression compares with {} what cannot be compared so", *sign));
      left = Type::predicate;
    }
    return left;
  }

  Judged<Type> operand() {
    const Token token = tokens_.front();
    if (take("(")) {
      if (++depth_ > kDepthMax) return undecided(token.text);
      auto inner = any();
      if (inner && !take(")")) return refused("its expression lacks a )");
      depth_--;
      return inner;
    }
    if (token.kind == Token::Kind::sign || token.kind == Token::Kind::end) {
      return refused(token.text.empty() ? "its expression ends too early"
                                        : fmt::format("its expression has a {} too many", token.text));
    }
    tokens_ = tokens_.subspan(1);
    if (token.kind == Token::Kind::name) return call(token.text);
    return literal(token.kind);
  }

  static Type literal(Token::Kind kind) {
    if (kind == Token::Kind::integer) return Type::integer;
    return kind == Token::Kind::number ? Type::number : Type::text;
  }

  Judged<Type> call(std::string_view name) {
    const auto function =
        std::find_if(functions_.begin(), functions_.end(), [&](const Function& known) { return known.name == name; });
    if (function == functions_.end())
      return refused(fmt::format("its expression asks for {}, which does not exist", name));
    if (!take("(")) return refused(fmt::format("its expression does not call {}", name));
    std::vector<Type> arguments;
    while (!take(")")) {
      if (!arguments.empty() && !take(",")) return refused(fmt::format("its expression calls {} without a )", name));
      const Token token = tokens_.front();
      if (token.kind == Token::Kind::sign) return undecided(token.text);
      if (token.kind == Token::Kind::end) return refused("its expression ends too early");
      if (token.kind == Token::Kind::name) return refused(fmt::format("its expression gives {} no literal", name));
      arguments.push_back(literal(token.kind));
      tokens_ = tokens_.subspan(1);
    }
    if (!std::equal(arguments.begin(), arguments.end(), function->arguments.begin(), function->arguments.end())) {
      return refused(fmt::format("its expression gives {} other arguments than it takes", name));
    }
    return function->result;
  }

  std::span<const Token> tokens_;
  std::span<const Function> functions_;
  size_t depth_ = 0;
};

}  // namespace

std::optional<Objection> predicate_objection(std::string_view expression, PredicateKind kind) {
  const auto tokens = tokens_of(expression);
  if (!tokens) return tokens.error();
  const std::span<const Function> functions =
      kind == PredicateKind::circuit_breaker ? std::span<const Function>(kBreakerFunctions) : kRetryFunctions;
  const auto type = Parser(*tokens, functions).whole();
  if (!type) return type.error();
  return std::nullopt;
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "traefik/ascii.h"
#include "traefik/rule_lexer.h"

namespace mme::traefik {
namespace {

struct Definition {
  MatcherKind kind;
  std::string_view name;
  size_t values_min;
  size_t values_max;
};

constexpr std::array<Definition, 11> kMatchers = {{
    {MatcherKind::client_ip, "ClientIP", 1, 1},
    {MatcherKind::header, "Header", 2, 2},
    {MatcherKind::header_regexp, "HeaderRegexp", 2, 2},
    {MatcherKind::host, "Host", 1, 1},
    {MatcherKind::host_regexp, "HostRegexp", 1, 1},
    {MatcherKind::method, "Method", 1, 1},
    {MatcherKind::path, "Path", 1, 1},
    {MatcherKind::path_prefix, "PathPrefix", 1, 1},
    {MatcherKind::path_regexp, "PathRegexp", 1, 1},
    {MatcherKind::query, "Query", 1, 2},
    {MatcherKind::query_regexp, "QueryRegexp", 1, 2},
}};

// Matchers of the language v2 that v3 does not have: there Traefik refuses them. Any other name may be a matcher of a
// later Traefik.
constexpr std::array<std::string_view, 3> kOldMatchers = {"HostHeader", "Headers", "HeadersRegexp"};

// A name may be written as it is, in lower case, in upper case and with the first letter only in upper case.
bool is_spelling_of(std::string_view written, std::string_view name) {
  std::string title = lower(name);
  title[0] = name[0];
  return written == name || written == lower(name) || written == upper(name) || written == title;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

struct Failed {
  RuleError error;
};

// Recursive descent over ||, && and !; every way out but the last is Failed, caught in parse_rule.
class Parser {
 public:
  explicit Parser(std::string_view rule) : lexer_(rule) { take(); }

  RuleNode rule() {
    RuleNode node = any(0);
    if (token_.kind == TokenKind::newline) take();
    if (token_.kind != TokenKind::end) refuse_token("expected && or || or the end");
    return node;
  }

 private:
  [[noreturn]] static void fail_at(size_t position, std::string problem,
                                   RuleError::Kind kind = RuleError::Kind::invalid) {
    throw Failed{{kind, position, std::move(problem)}};
  }

  [[noreturn]] void refuse_token(std::string_view expected) const {
    if (token_.kind == TokenKind::bad) fail_at(token_.position, token_.text);
    if (token_.kind == TokenKind::end) fail_at(token_.position, fmt::format("the rule ends too early; {}", expected));
    if (token_.kind == TokenKind::newline) {
      fail_at(token_.position, fmt::format("the line ends too early; {}; break lines behind an operator", expected));
    }
    fail_at(token_.position, fmt::format("\"{}\" cannot stand here; {}", token_.text, expected));
  }

  void take() { token_ = lexer_.next(); }

  RuleNode joined(size_t depth, TokenKind by, RuleNode::Kind kind, RuleNode (Parser::*part)(size_t)) {
    RuleNode first = (this->*part)(depth);
    if (token_.kind != by) return first;
    RuleNode node{.kind = kind, .negated = false, .matcher = {}, .children = {}, .position = first.position};
    node.children.push_back(std::move(first));
    while (token_.kind == by) {
      take();
      node.children.push_back((this->*part)(depth));
    }
    return node;
  }

  RuleNode any(size_t depth) { return joined(depth, TokenKind::either, RuleNode::Kind::any, &Parser::all); }
  RuleNode all(size_t depth) { return joined(depth, TokenKind::both, RuleNode::Kind::all, &Parser::operand); }

  RuleNode operand(size_t depth) {
    const size_t position = token_.position;
    if (depth > kRuleDepthMax) {
      fail_at(position, fmt::format("nested more than {} levels deep", kRuleDepthMax), RuleError::Kind::unsupported);
    }
    if (token_.kind == TokenKind::negate) {
      take();
      RuleNode node = operand(depth + 1);
      node.negated = !node.negated;
      node.position = position;
      return node;
    }
    if (token_.kind == TokenKind::open) {
      take();
      RuleNode node = any(depth + 1);
      if (token_.kind != TokenKind::close) refuse_token("expected )");
      take();
      return node;
    }
    if (token_.kind != TokenKind::name) refuse_token("expected a matcher such as Host(`example.com`)");
    return call();
  }

  RuleNode call() {
    const Token name = token_;
    take();
    if (token_.kind != TokenKind::open) refuse_token(fmt::format("expected ( after {}", name.text));
    take();
    std::vector<std::string> values;
    while (token_.kind != TokenKind::close) {
      if (token_.kind != TokenKind::text) refuse_token("expected a text in backquotes or double quotes");
      values.push_back(token_.text);
      take();
      const bool last = token_.kind == TokenKind::ellipsis;  // Go's grammar has it, and the matchers never notice
      if (last) take();
      if (token_.kind == TokenKind::comma) {
        take();
        if (last && token_.kind != TokenKind::close) refuse_token("expected )");
      } else if (token_.kind != TokenKind::close) {
        refuse_token("expected , or )");
      }
    }
    take();
    return {.kind = RuleNode::Kind::matcher,
            .negated = false,
            .matcher = matcher(name, std::move(values)),
            .children = {},
            .position = name.position};
  }

  static Matcher matcher(const Token& name, std::vector<std::string> values) {
    const auto* found = std::find_if(kMatchers.begin(), kMatchers.end(),
                                     [&](const Definition& known) { return is_spelling_of(name.text, known.name); });
    if (found == kMatchers.end()) {
      const bool old = std::any_of(kOldMatchers.begin(), kOldMatchers.end(),
                                   [&](std::string_view known) { return is_spelling_of(name.text, known); });
      fail_at(name.position,
              fmt::format("{} is {}", name.text, old ? "a matcher of the rule syntax v2" : "not a known matcher"),
              old ? RuleError::Kind::invalid : RuleError::Kind::unsupported);
    }
    if (values.size() < found->values_min || values.size() > found->values_max) {
      fail_at(name.position, fmt::format("{} takes {}, not {}", found->name, count_text(*found), values.size()));
    }
    if (std::any_of(values.begin(), values.end(), [](const std::string& value) { return value.empty(); })) {
      fail_at(name.position, fmt::format("a value of {} is empty", found->name));
    }
    Matcher made{.kind = found->kind, .values = std::move(values), .regex = nullptr, .range = {}};
    complete(made, name.position);
    return made;
  }

  static std::string count_text(const Definition& definition) {
    if (definition.values_min != definition.values_max) return "one value or two";
    return definition.values_min == 1 ? "one value" : "two values";
  }

  // What Traefik checks and prepares when it builds the matcher.
  static void complete(Matcher& made, size_t position) {
    switch (made.kind) {
      case MatcherKind::host:
      case MatcherKind::host_regexp:
        if (!is_ascii(made.values[0])) fail_at(position, fmt::format("{} takes ASCII only", to_string(made.kind)));
        if (made.kind == MatcherKind::host) {
          made.values[0] = lower(made.values[0]);
        } else {
          compile(made, position);
        }
        return;
      case MatcherKind::path:
      case MatcherKind::path_prefix:
        if (made.values[0][0] != '/') {
          fail_at(position, fmt::format("the path \"{}\" does not start with a slash", made.values[0]));
        }
        return;
      case MatcherKind::path_regexp:
        return compile(made, position);
      case MatcherKind::method:
        // strings.ToUpper knows letters beyond ASCII, which no method of a request has.
        made.values[0] = upper(made.values[0]);
        return;
      case MatcherKind::header_regexp:
        compile(made, position);
        [[fallthrough]];
      case MatcherKind::header:
        made.values[0] = canonical_header(made.values[0]);
        return;
      case MatcherKind::query_regexp:
        if (made.values.size() == 2) return compile(made, position);
        made.kind = MatcherKind::query;
        [[fallthrough]];
      case MatcherKind::query:
        made.values.resize(2);
        return;
      case MatcherKind::client_ip:
        const auto range = IpRange::parse(made.values[0]);
        if (!range) fail_at(position, fmt::format("\"{}\" is neither an address nor a range", made.values[0]));
        made.range = *range;
        return;
    }
  }

  static void compile(Matcher& made, size_t position) {
    auto regex = Regex::compile(made.values.back());
    if (!regex) {
      fail_at(position, fmt::format("{}: {}", to_string(made.kind), regex.error().problem),
              regex.error().unsupported ? RuleError::Kind::unsupported : RuleError::Kind::invalid);
    }
    made.regex = std::move(*regex);
  }

  RuleLexer lexer_;
  Token token_;
};

constexpr char32_t kByteOrderMark = 0xfeff;

// go/scanner refuses them wherever they stand; a byte order mark may stand at the start only.
std::optional<size_t> foreign_bytes(std::string_view rule) {
  for (size_t i = 0; i < rule.size();) {
    const Utf8Character character = first_character(rule.substr(i));
    if (character.length == 0 || character.code == 0 || (character.code == kByteOrderMark && i > 0)) return i;
    i += character.length;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(MatcherKind kind) {
  return std::find_if(kMatchers.begin(), kMatchers.end(), [&](const Definition& known) { return known.kind == kind; })
      ->name;
}

std::string to_string(const RuleError& error) {
  return error.position == 0 ? error.problem : fmt::format("at {}: {}", error.position, error.problem);
}

tl::expected<RuleNode, RuleError> parse_rule(std::string_view rule, std::string_view syntax) {
  if (syntax == "v2") {
    return tl::make_unexpected(RuleError{RuleError::Kind::unsupported, 0, "the rule syntax v2 is not evaluated"});
  }
  if (const auto at = foreign_bytes(rule)) {
    return tl::make_unexpected(RuleError{RuleError::Kind::invalid, *at + 1, "this is not UTF-8 text"});
  }
  if (first_character(rule).code == kByteOrderMark) rule.remove_prefix(first_character(rule).length);
  try {
    return Parser(rule).rule();
  } catch (const Failed& failed) {
    return tl::make_unexpected(failed.error);
  }
}

}  // namespace mme::traefik

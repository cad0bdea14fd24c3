// SPDX-License-Identifier: Apache-2.0
#include "traefik/rule.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

// The tree in prefix form: "(and Host[a] !(or Path[/b] Path[/c]))".
std::string shape(const RuleNode& node) {
  std::string out = node.negated ? "!" : "";
  if (node.kind == RuleNode::Kind::matcher) {
    out += to_string(node.matcher.kind);
    out += '[';
    for (size_t i = 0; i < node.matcher.values.size(); i++) out += (i == 0 ? "" : ",") + node.matcher.values[i];
    return out + "]";
  }
  out += node.kind == RuleNode::Kind::all ? "(and" : "(or";
  for (const auto& child : node.children) out += " " + shape(child);
  return out + ")";
}

std::string parsed(std::string_view rule) {
  const auto node = parse_rule(rule);
  return node ? shape(*node) : to_string(node.error());
}

RuleError::Kind failure(std::string_view rule, std::string_view syntax = {}) {
  const auto node = parse_rule(rule, syntax);
  EXPECT_FALSE(node) << rule;
  return node ? RuleError::Kind::invalid : node.error().kind;
}

TEST(ParseRule, BindsAndCloserThanOr) {
  EXPECT_EQ(parsed("Host(`a`) || Host(`b`) && Path(`/c`)"), "(or Host[a] (and Host[b] Path[/c]))");
  EXPECT_EQ(parsed("(Host(`a`) || Host(`b`)) && Path(`/c`)"), "(and (or Host[a] Host[b]) Path[/c])");
  EXPECT_EQ(parsed("!Host(`a`) && !!Path(`/c`)"), "(and !Host[a] Path[/c])");
  EXPECT_EQ(parsed("!(Host(`a`) && Path(`/c`))"), "!(and Host[a] Path[/c])");
}

TEST(ParseRule, KnowsEveryMatcher) {
  EXPECT_EQ(parsed("ClientIP(`10.0.0.0/8`)"), "ClientIP[10.0.0.0/8]");
  EXPECT_EQ(parsed("Header(`x-tenant-id`, `a`)"), "Header[X-Tenant-Id,a]");
  EXPECT_EQ(parsed("HeaderRegexp(`x`, `^a`)"), "HeaderRegexp[X,^a]");
  EXPECT_EQ(parsed("HostRegexp(`^.+$`)"), "HostRegexp[^.+$]");
  EXPECT_EQ(parsed("Method(`post`)"), "Method[POST]");
  EXPECT_EQ(parsed("PathPrefix(`/a b`)"), "PathPrefix[/a b]");
  EXPECT_EQ(parsed("PathRegexp(`x`)"), "PathRegexp[x]");
  EXPECT_EQ(parsed("Query(`a`)"), "Query[a,]");
  EXPECT_EQ(parsed("Query(`a`, `b`)"), "Query[a,b]");
  EXPECT_EQ(parsed("QueryRegexp(`a`)"), "Query[a,]");
  EXPECT_EQ(parsed("QueryRegexp(`a`, `b`)"), "QueryRegexp[a,b]");
}

TEST(ParseRule, KnowsTheSpellingsOfTraefik) {
  EXPECT_EQ(parsed("pathprefix(`/a`)"), "PathPrefix[/a]");
  EXPECT_EQ(parsed("PATHPREFIX(`/a`)"), "PathPrefix[/a]");
  EXPECT_EQ(parsed("Pathprefix(`/a`)"), "PathPrefix[/a]");
  EXPECT_EQ(parsed("Clientip(`::1`)"), "ClientIP[::1]");
  EXPECT_EQ(failure("pathPrefix(`/a`)"), RuleError::Kind::unsupported);
}

TEST(ParseRule, ReadsTextsAsGoDoes) {
  EXPECT_EQ(parsed(R"(Host("A.Example"))"), "Host[a.example]");
  EXPECT_EQ(parsed(R"(Path("/a\tb\x41\u00e9\101\"\\"))"), "Path[/a\tbA\u00e9A\"\\]");
  EXPECT_EQ(parsed(R"(PathRegexp(`\.(js|css)$`))"), R"(PathRegexp[\.(js|css)$])");
  EXPECT_EQ(parsed("Path(`/a\r\nb`)"), "Path[/a\nb]");
  EXPECT_EQ(failure(R"(Path("/a\q"))"), RuleError::Kind::invalid);
  EXPECT_EQ(failure(R"(Path("/a\'"))"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Path('/a')"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Path(\"/a\nb\")"), RuleError::Kind::invalid);
}

TEST(ParseRule, BreaksLinesAsGoDoes) {
  EXPECT_EQ(parsed("\n Host(`a`) &&\n Path(`/b`)\n"), "(and Host[a] Path[/b])");
  EXPECT_EQ(parsed("Host(`a`) // and nothing else"), "Host[a]");
  EXPECT_EQ(parsed("Host( /* here */ `a`, )"), "Host[a]");
  EXPECT_EQ(parsed("Host(`a`...)"), "Host[a]");
  EXPECT_EQ(failure("Host(`a`)\n && Path(`/b`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Host(`a`\n)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Host(`a`)\n\n;"), RuleError::Kind::invalid);
}

TEST(ParseRule, NamesThePlaceOfAnError) {
  EXPECT_EQ(parsed(""), "at 1: the rule ends too early; expected a matcher such as Host(`example.com`)");
  EXPECT_EQ(parsed("Host(`a`) && Path(`b`)"), "at 14: the path \"b\" does not start with a slash");
  EXPECT_EQ(parsed("Host(`a`) Path(`/b`)"), "at 11: \"Path\" cannot stand here; expected && or || or the end");
  EXPECT_EQ(parsed("Host(`a`"), "at 9: the rule ends too early; expected , or )");
  EXPECT_EQ(parsed("Host(`a)"), "at 6: the text has no closing backquote");
  EXPECT_EQ(parsed("Host(`a`) & Host(`b`)"), "at 11: \"&\" cannot stand here; expected && or || or the end");
  EXPECT_EQ(parsed("Host(`a`, `b`)"), "at 1: Host takes one value, not 2");
  EXPECT_EQ(parsed("Header(`a`)"), "at 1: Header takes two values, not 1");
  EXPECT_EQ(parsed("Host(``)"), "at 1: a value of Host is empty");
  EXPECT_EQ(parsed("Host(a)"), "at 6: \"a\" cannot stand here; expected a text in backquotes or double quotes");
  EXPECT_EQ(parsed("ClientIP(`10.0.0`)"), "at 1: \"10.0.0\" is neither an address nor a range");
}

TEST(ParseRule, TellsWhatTraefikRefusesFromWhatItMayKnow) {
  EXPECT_EQ(failure("HostHeader(`a`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Headers(`a`, `b`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("PathRegexp(`(?!a)`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("PathRegexp(`[`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure(R"(PathRegexp(`\C`))"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Host(`m\u00fcnchen`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Weather(`rain`)"), RuleError::Kind::unsupported);
  EXPECT_EQ(failure("Host(`a`)", "v2"), RuleError::Kind::unsupported);
  EXPECT_TRUE(parse_rule("Host(`a`)", "default"));
  EXPECT_TRUE(parse_rule("PathRegexp(`^/(?<id>[0-9]+)$`)"));
}

TEST(ParseRule, RefusesBytesThatGoRefuses) {
  EXPECT_EQ(failure(std::string_view("Host(`a\0`)", 10)), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Path(`/\xff`)"), RuleError::Kind::invalid);
  EXPECT_EQ(failure("Path(`/\ufeff`)"), RuleError::Kind::invalid);
  EXPECT_EQ(parsed("\ufeffHost(`a`)"), "Host[a]");
}

TEST(ParseRule, BoundsItsDepth) {
  const std::string deep = std::string(100000, '(') + "Host(`a`)" + std::string(100000, ')');
  EXPECT_EQ(failure(deep), RuleError::Kind::unsupported);
  EXPECT_EQ(failure(std::string(100000, '!') + "Host(`a`)"), RuleError::Kind::unsupported);
  std::string wide = "Host(`a`)";
  for (int i = 0; i < 10000; i++) wide += " || Host(`b`)";
  const auto node = parse_rule(wide);
  ASSERT_TRUE(node);
  EXPECT_EQ(node->children.size(), 10001U);
}

}  // namespace
}  // namespace mme::traefik

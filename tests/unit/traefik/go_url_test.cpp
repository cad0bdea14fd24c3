// SPDX-License-Identifier: Apache-2.0
#include "traefik/go_url.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

std::string routed(std::string_view target, bool sanitize = true) {
  auto url = parse_request_uri(target, false);
  if (!url) return "refused";
  normalize_raw_path(*url);
  if (sanitize) clean_path(*url);
  return routing_path(*url).value_or("undecodable");
}

TEST(RoutingPath, IsCleaned) {
  EXPECT_EQ(routed("/a/b"), "/a/b");
  EXPECT_EQ(routed("/a/../b//c/./"), "/b/c/");
  EXPECT_EQ(routed("/../.."), "/");
  EXPECT_EQ(routed("/a/."), "/a");
  EXPECT_EQ(routed("/a/%2e%2e/b"), "/b");
  EXPECT_EQ(routed("//a"), "/a");
  EXPECT_EQ(routed("//a", false), "//a");
  EXPECT_EQ(routed("http://host"), "/");
  EXPECT_EQ(routed("http://host", false), "");
  EXPECT_EQ(routed("*"), "*");
}

TEST(RoutingPath, DecodesAllButReservedCharacters) {
  EXPECT_EQ(routed("/foo%20bar"), "/foo bar");
  EXPECT_EQ(routed("/a%2fb"), "/a%2Fb");
  EXPECT_EQ(routed("/a%25b"), "/a%25b");
  EXPECT_EQ(routed("/%70romote"), "/promote");
  EXPECT_EQ(routed("/m%c3%bcnchen"), "/m\u00fcnchen");
  EXPECT_EQ(routed("/m\u00fcnchen"), "/m\u00fcnchen");
  EXPECT_EQ(routed("/a(b)'!*"), "/a(b)'!*");
  EXPECT_EQ(routed("/a|b"), "/a|b");
  // Go escapes the whole path anew when a byte of it may not stand there: parentheses become reserved then.
  EXPECT_EQ(routed("/(a)|b"), "/%28a%29|b");
}

TEST(RequestUri, RefusesWhatGoRefuses) {
  EXPECT_EQ(routed(""), "refused");
  EXPECT_EQ(routed("a/b"), "refused");
  EXPECT_EQ(routed("/a%2"), "refused");
  EXPECT_EQ(routed("/a%zz"), "refused");
  EXPECT_EQ(routed("/a\x01"), "refused");
  EXPECT_EQ(routed(":80/"), "refused");
}

TEST(RequestUri, TakesTheHostOfAnAbsoluteForm) {
  EXPECT_EQ(parse_request_uri("http://A.example:80/x?y", false)->host, "A.example:80");
  EXPECT_EQ(parse_request_uri("http://A.example:80/x?y", false)->raw_query, "y");
  EXPECT_EQ(parse_request_uri("db:80", true)->host, "db:80");
  EXPECT_EQ(parse_request_uri("http://u@h/", false).error(), UrlFailure::undecided);
  EXPECT_EQ(parse_request_uri("http://h:x/", false).error(), UrlFailure::invalid);
}

TEST(ParseQuery, DecodesAndLeavesOutWhatGoDoes) {
  const QueryValues expected = {{"a", "1"}, {"b c", "d e"}, {"x", ""}, {"", "y"}, {"a", "="}};
  EXPECT_EQ(parse_query("a=1&b+c=d%20e&&x&=y&a=="), expected);
  EXPECT_EQ(parse_query("a=%zz&b;c=1&d=2"), (QueryValues{{"d", "2"}}));
  EXPECT_TRUE(parse_query(std::string(10000, '&')).empty());
}

}  // namespace
}  // namespace mme::traefik

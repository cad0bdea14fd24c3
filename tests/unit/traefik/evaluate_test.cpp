// SPDX-License-Identifier: Apache-2.0
#include "traefik/evaluate.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

RequestView view(std::string_view bytes, const EntrypointOptions& options = {}) {
  auto head = parse_request_head(bytes);
  EXPECT_TRUE(head);
  head->client_ip = "192.0.2.7";
  auto made = view_of(*head, options);
  EXPECT_TRUE(made);
  return *made;
}

RequestView get(const std::string& host, const std::string& target, const std::string& more = {}) {
  return view("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n");
}

Evaluation result(std::string_view rule, const RequestView& request) {
  const auto node = parse_rule(rule);
  EXPECT_TRUE(node) << rule;
  return node ? evaluate(*node, request) : Evaluation{};
}

bool matches(std::string_view rule, const RequestView& request) {
  const auto verdict = result(rule, request).verdict;
  EXPECT_NE(verdict, Verdict::unknown) << rule;
  return verdict == Verdict::yes;
}

TEST(Evaluate, Hosts) {
  EXPECT_TRUE(matches("Host(`A.Example`)", get("a.eXample:80", "/")));
  EXPECT_TRUE(matches("Host(`a.`)", get("a", "/")));
  EXPECT_TRUE(matches("Host(`a`)", get("a.", "/")));
  EXPECT_FALSE(matches("Host(`a`)", get("a..", "/")));
  EXPECT_FALSE(matches("Host(`a`)", get("b.a", "/")));
  EXPECT_FALSE(matches("Host(`.`)", get("", "/")));
  EXPECT_TRUE(matches("HostRegexp(`^[a-z]+\\.example$`)", get("TENANT.example", "/")));
  EXPECT_FALSE(matches("HostRegexp(`^[A-Z]`)", get("TENANT.example", "/")));
  EXPECT_TRUE(matches("HostRegexp(`^(foo)?$`)", get("other", "/")));  // matches the empty name of no lookup
  EXPECT_FALSE(matches("HostRegexp(`^.+$`)", get("", "/")));
}

TEST(Evaluate, Paths) {
  EXPECT_TRUE(matches("PathPrefix(`/foo`)", get("a", "/foobar")));
  EXPECT_FALSE(matches("PathPrefix(`/foo/`)", get("a", "/foo")));
  EXPECT_TRUE(matches("Path(`/foo bar`)", get("a", "/foo%20bar?x")));
  EXPECT_FALSE(matches("Path(`/foo`)", get("a", "/foo/")));
  EXPECT_TRUE(matches("PathRegexp(`^/\\d+$`)", get("a", "/12")));
  EXPECT_TRUE(matches("PathRegexp(`oo`)", get("a", "/foo")));
  EXPECT_TRUE(matches("PathRegexp(`^/..$`)", get("a", "/%ffx")));
  EXPECT_TRUE(matches("PathRegexp(`^/\\x{fffd}{2}$`)", get("a", "/%e2%82")));
}

TEST(Evaluate, HeadersQueriesMethodsAndClients) {
  EXPECT_TRUE(matches("Header(`x-a`, `2`)", get("a", "/", "X-A: 1\r\nx-a: 2\r\n")));
  EXPECT_FALSE(matches("Header(`x-a`, `A`)", get("a", "/", "X-A: a\r\n")));
  EXPECT_FALSE(matches("Header(`Host`, `a`)", get("a", "/")));
  EXPECT_TRUE(matches("HeaderRegexp(`accept`, `json`)", get("a", "/", "Accept: application/json\r\n")));
  EXPECT_TRUE(matches("Query(`a`)", get("a", "/?a")));
  EXPECT_FALSE(matches("Query(`a`)", get("a", "/?a=1")));
  EXPECT_TRUE(matches("Query(`a`, `1 2`)", get("a", "/?a=0&a=1+2")));
  EXPECT_TRUE(matches("QueryRegexp(`a`, `^[0-9]$`)", get("a", "/?a=x&a=7")));
  EXPECT_TRUE(matches("Method(`get`)", get("a", "/")));
  EXPECT_FALSE(matches("Method(`GET`)", view("get / HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_TRUE(matches("ClientIP(`192.0.2.0/24`)", get("a", "/")));
  EXPECT_FALSE(matches("!ClientIP(`192.0.2.0/24`)", get("a", "/")));
}

TEST(Evaluate, KnowsWhatItCannotKnow) {
  const RequestView cut = view("GET /a HTTP/1.1\r\nHost: a\r\nX-");
  EXPECT_EQ(result("Header(`X-A`, `1`)", cut), (Evaluation{Verdict::unknown, "the headers were cut off"}));
  EXPECT_EQ(result("!Header(`X-A`, `1`)", cut).verdict, Verdict::unknown);
  EXPECT_FALSE(matches("Host(`b`) && Header(`X-A`, `1`)", cut));
  EXPECT_FALSE(matches("Header(`X-A`, `1`) && Host(`b`)", cut));
  EXPECT_TRUE(matches("Header(`X-A`, `1`) || Host(`a`)", cut));
  EXPECT_EQ(result("Header(`X-A`, `1`) && Host(`a`)", cut).verdict, Verdict::unknown);
  EXPECT_EQ(result("!(Header(`X-A`, `1`) && Host(`b`))", cut).verdict, Verdict::yes);

  EXPECT_EQ(result("Header(`X-Forwarded-Server`, `x`)", get("a", "/")).verdict, Verdict::unknown);
  EXPECT_EQ(result("PathPrefix(`/a`)", view("GET /ab")).verdict, Verdict::unknown);
  EXPECT_EQ(result("Query(`a`)", view("GET /ab?a")).verdict, Verdict::unknown);
  EntrypointOptions options;
  options.proxy_protocol = true;
  options.cname_flattening = true;
  const RequestView behind = view("GET / HTTP/1.1\r\nHost: a\r\n\r\n", options);
  EXPECT_EQ(result("ClientIP(`192.0.2.7`)", behind).verdict, Verdict::unknown);
  EXPECT_EQ(result("Host(`b`)", behind).verdict, Verdict::unknown);
  EXPECT_EQ(result("Host(`a`)", behind).verdict, Verdict::yes);
}

}  // namespace
}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/request.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

RequestHead head_of(std::string_view bytes) {
  auto head = parse_request_head(bytes);
  EXPECT_TRUE(head) << bytes;
  return head ? *head : RequestHead{};
}

RequestView seen(std::string_view bytes, const EntrypointOptions& options = {}) {
  RequestHead head = head_of(bytes);
  head.client_ip = "192.0.2.7";
  auto view = view_of(head, options);
  EXPECT_TRUE(view) << (view ? "" : view.error().reason);
  return view ? *view : RequestView{};
}

std::string refused(std::string_view bytes) {
  const auto head = parse_request_head(bytes);
  if (!head) return head.error();
  const auto view = view_of(*head, {});
  return view ? "" : view.error().reason;
}

TEST(ParseRequestHead, ReadsAHead) {
  const RequestHead head = head_of("GET /a?b HTTP/1.1\r\nHost: x\r\nX-A:  1 \r\n more\r\nX-A: 2\r\n\r\nbody");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_TRUE(head.headers_complete);
  EXPECT_EQ(head.headers, (std::vector<Header>{{"Host", "x"}, {"X-A", "1 more"}, {"X-A", "2"}}));
}

TEST(ParseRequestHead, KnowsWhereItWasCut) {
  EXPECT_FALSE(head_of("GET /prom").target_complete);
  EXPECT_TRUE(head_of("GET /promote HT").target_complete);
  EXPECT_FALSE(head_of("GET /promote HTTP/1.1\r\nHost: x\r\nX-A").headers_complete);
  EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost: x\r\nX-A").headers, (std::vector<Header>{{"Host", "x"}}));
  EXPECT_TRUE(head_of("GET / HTTP/1.1\r\nHost: x\r\n").headers.empty());  // a further line may continue it
}

TEST(ViewOf, FindsTheHostAsTraefikDoes) {
  EXPECT_EQ(seen("GET / HTTP/1.1\r\nHost: A.Example:8080\r\n\r\n").host, "a.example");
  EXPECT_EQ(seen("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").host, "::1");
  EXPECT_EQ(seen("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n").host, "::1");
  EXPECT_EQ(seen("GET / HTTP/1.1\r\nHost: a.b:c:d\r\n\r\n").host, "a.b:c:d");
  EXPECT_EQ(seen("GET / HTTP/1.1\r\nHost: a.\r\n\r\n").host, "a.");
  EXPECT_EQ(seen("GET / HTTP/1.0\r\n\r\n").host, "");
  EXPECT_EQ(seen("GET http://B/ HTTP/1.1\r\nHost: a\r\n\r\n").host, "b");
  EXPECT_EQ(seen("CONNECT db:27017 HTTP/1.1\r\nHost: a\r\n\r\n").host, "db");
}

TEST(ViewOf, RefusesWhatNeverReachesARouter) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), "no Host header");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), "more than one Host header");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), "a bad Host header");
  EXPECT_EQ(refused("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), "a fragment in the path");
  EXPECT_EQ(refused("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), "Go cannot parse the target");
  EXPECT_EQ(refused("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS * is answered by Go's HTTP server");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n"), "a header's name is no token");
  EXPECT_EQ(refused("GET /\r\n\r\n"), "the request line has no version");
}

TEST(ViewOf, SaysWhatIsNotKnown) {
  const RequestView cut = seen("GET /a?b=1&c");
  EXPECT_EQ(cut.path, "/a");
  EXPECT_FALSE(cut.query);
  EXPECT_FALSE(cut.host);
  EXPECT_FALSE(cut.headers_known);
  const RequestView path_cut = seen("GET /a");
  EXPECT_FALSE(path_cut.path);
  const RequestView host_known = seen("GET /a HTTP/1.1\r\nHost: a\r\nX");
  EXPECT_EQ(host_known.host, "a");
  EXPECT_FALSE(host_known.headers_known);
}

TEST(ViewOf, RewritesHeadersAsTheEntrypointDoes) {
  const auto headers =
      seen(
          "GET / HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-For: 1.1.1.1\r\nx-real-ip: 2.2.2.2\r\nConnection: close, "
          "x-hop\r\nX-Hop: 1\r\nPragma: no-cache\r\n\r\n")
          .headers;
  EXPECT_FALSE(headers.contains("X-Forwarded-For"));
  EXPECT_FALSE(headers.contains("X-Hop"));
  EXPECT_FALSE(headers.contains("Connection"));
  EXPECT_FALSE(headers.contains("Host"));
  EXPECT_EQ(headers.at("X-Real-Ip"), std::vector<std::string>{"192.0.2.7"});
  EXPECT_EQ(headers.at("X-Forwarded-Port"), std::vector<std::string>{"81"});
  EXPECT_EQ(headers.at("X-Forwarded-Proto"), std::vector<std::string>{"http"});
  EXPECT_EQ(headers.at("X-Forwarded-Host"), std::vector<std::string>{"a:81"});
  EXPECT_EQ(headers.at("Cache-Control"), std::vector<std::string>{"no-cache"});

  EntrypointOptions options;
  options.forwarded_headers_trusted_ips = {"192.0.2.0/24"};
  const auto trusted = seen(
                           "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n"
                           "X-Forwarded-Proto: https\r\n\r\n",
                           options)
                           .headers;
  EXPECT_EQ(trusted.at("X-Forwarded-For"), std::vector<std::string>{"1.1.1.1, 2.2.2.2"});
  EXPECT_EQ(trusted.at("X-Forwarded-Port"), std::vector<std::string>{"443"});
}

TEST(ViewOf, SplitsQueriesAtSemicolonsUnlessTold) {
  EXPECT_EQ(seen("GET /?a=1;b=2 HTTP/1.1\r\nHost: a\r\n\r\n").query, (QueryValues{{"a", "1"}, {"b", "2"}}));
  EntrypointOptions options;
  options.encode_query_semicolons = true;
  EXPECT_EQ(seen("GET /?a=1;b=2 HTTP/1.1\r\nHost: a\r\n\r\n", options).query, (QueryValues{{"a", "1;b=2"}}));
}

}  // namespace
}  // namespace mme::traefik

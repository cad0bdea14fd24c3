// SPDX-License-Identifier: Apache-2.0
// What a request's head says of its route, wherever segments end.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "unit/protocol/host_connection.h"

namespace mme::test {
namespace {

std::string kept(const uint8_t* text, size_t bytes) {
  return {reinterpret_cast<const char*>(text), std::min<size_t>(bytes, MME_ROUTE_BYTES)};
}

std::string text_of(const mme_route_head& head) {
  std::string text =
      fmt::format("{} {} {}", kept(head.key.path, head.path_bytes), head.path_bytes, kept(head.host, head.host_bytes));
  if (head.flags & MME_ROUTE_ODD) text += " odd";
  if (head.flags & MME_ROUTE_FORWARDED) text += " forwarded";
  return text;
}

// What each request of the bytes says when they come cut at `cut`, or byte by byte.
std::vector<std::string> heads(std::string_view bytes, size_t cut) {
  HostConnection connection{MME_ROLE_ENTRYPOINT};
  connection.open(1000, 2000);
  uint32_t sequence = 1000;
  const size_t first = cut == 0 ? 1 : cut;
  for (size_t at = 0; at < bytes.size();) {
    const std::string_view piece = bytes.substr(at, at == 0 ? first : cut == 0 ? 1 : std::string_view::npos);
    connection.segment({.is_request = true, .sequence = sequence, .bytes = piece});
    sequence += static_cast<uint32_t>(piece.size());
    at += piece.size();
  }
  std::vector<std::string> texts;
  for (const mme_route_head& head : connection.heads()) texts.push_back(text_of(head));
  return texts;
}

std::string one(std::string_view bytes) {
  const auto whole = heads(bytes, bytes.size());
  for (size_t cut = 0; cut < bytes.size(); cut++) EXPECT_EQ(heads(bytes, cut), whole) << bytes << " cut at " << cut;
  return whole.empty() ? "none" : whole.front();
}

std::string get(std::string_view target, std::string_view host = "a.example") {
  return one(fmt::format("GET {} HTTP/1.1\r\nUser-Agent: x\r\nHost: {}\r\nAccept: */*\r\n\r\n", target, host));
}

TEST(RouteHead, PathWithoutQuery) {
  EXPECT_EQ(get("/"), "/ 1 a.example");
  EXPECT_EQ(get("/promote"), "/promote 8 a.example");
  EXPECT_EQ(get("/a/b.c/d?x=1%20&y=//?z"), "/a/b.c/d 8 a.example");
  EXPECT_EQ(get("/1234567"), "/1234567 8 a.example");
  EXPECT_EQ(get("/?"), "/ 1 a.example");
}

TEST(RouteHead, LongPathsAreCutAndCounted) {
  const std::string path = "/" + std::string(69, 'p');
  EXPECT_EQ(get(path + "?q"), path.substr(0, 64) + " 70 a.example");
  EXPECT_EQ(get(path.substr(0, 64)), path.substr(0, 64) + " 64 a.example");
}

TEST(RouteHead, WhatTraefikChangesIsOdd) {
  for (const char* target : {"/a%2Fb", "/a//b", "/a/./b", "/a/../b", "/.", "//", "http://a/b", "*", "/12345678/./9",
                             "/1234567//", "/123456//", "/a\tb", "/\x7f", "/#"}) {
    EXPECT_TRUE(get(target).ends_with(" odd")) << target;
  }
  EXPECT_TRUE(get("/" + std::string(200, 'x') + "/../y").ends_with(" odd"));
  for (const char* target : {"/a/b", "/a./b", "/a/b.", "/1234567/89/", "/a?//", "/a?%2F"}) {
    EXPECT_FALSE(get(target).ends_with(" odd")) << target;
  }
}

TEST(RouteHead, HostInLowerCase) {
  EXPECT_EQ(get("/", "WWW.Example.COM:8080"), "/ 1 www.example.com:8080");
  EXPECT_EQ(get("/", "  spaces.before.and.behind \t"), "/ 1 spaces.before.and.behind");
  EXPECT_EQ(get("/", "12345678"), "/ 1 12345678");
  EXPECT_EQ(get("/", ""), "/ 1 ");
  EXPECT_EQ(one("GET / HTTP/1.0\r\n\r\n"), "/ 1 ");
  EXPECT_EQ(one("GET / HTTP/1.1\nhOsT:a\n\n"), "/ 1 a");
  EXPECT_EQ(one("GET / HTTP/1.1\r\nHostess: b\r\nX-Host: c\r\nHost: a\r\n\r\n"), "/ 1 a");
}

TEST(RouteHead, TwoHostsAndBlanksInsideAreOdd) {
  EXPECT_TRUE(get("/", "a b").ends_with(" odd"));
  EXPECT_TRUE(one("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").ends_with(" odd"));
}

TEST(RouteHead, WhatTraefikForwardsSaysSo) {
  EXPECT_EQ(one("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"), "/ 1 a forwarded");
  EXPECT_EQ(one("GET / HTTP/1.1\r\nHost: a\r\nx-fOrwarded-server: b\r\nAccept: c\r\n\r\n"), "/ 1 a forwarded");
  EXPECT_EQ(one("GET / HTTP/1.1\r\nHost: a\r\nX-Forwa: 1\r\nX-Real-Ip: 1\r\nUser-Agent: x-forwarded-for\r\n\r\n"),
            "/ 1 a");
}

TEST(RouteHead, EachRequestHasItsOwn) {
  const std::string first = "GET /first HTTP/1.1\r\nHost: one\r\n\r\n";
  const std::string second = "POST /2 HTTP/1.1\r\nContent-Length: 3\r\nHost: b\r\n\r\n/xy";
  EXPECT_EQ(heads(first + second + first, 0), (std::vector<std::string>{"/first 6 one", "/2 2 b", "/first 6 one"}));
}

TEST(RouteHead, HostHashIsWithoutPort) {
  const auto hash = [](std::string_view host, bool& odd) {
    mme_route_head head{};
    for (const char c : host) mme_route_host(&head, static_cast<uint8_t>(c), 1);
    const uint64_t value = mme_route_host_hash(&head);
    odd = head.flags & MME_ROUTE_ODD;
    return value;
  };
  bool odd = false;
  const uint64_t plain = hash("A.example", odd);
  EXPECT_FALSE(odd);
  EXPECT_EQ(hash("a.example:80", odd), plain);
  EXPECT_FALSE(odd);
  EXPECT_NE(hash("b.example:80", odd), plain);
  for (const char* host : {"[::1]:80", "a.example.", "a.example.:80", "a.example:80:90"}) {
    (void)hash(host, odd);
    EXPECT_TRUE(odd) << host;
  }
  (void)hash(std::string(65, 'h'), odd);
  EXPECT_TRUE(odd);
}

}  // namespace
}  // namespace mme::test

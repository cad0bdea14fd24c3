// SPDX-License-Identifier: Apache-2.0
#include "web/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "web/client.h"

namespace mme {
namespace {

using Clock = std::chrono::steady_clock;

WebPages pages(std::vector<std::string> problems = {}) {
  return {.metrics = [](Subset subset) -> Result<TextSource> {
            if (subset == Subset::mongodb) return fail("read the maps: EPERM");
            return [subset](const TextSink& sink) {
              return subset == Subset::all ? sink("al") && sink("l\n") : sink("traefik\n");
            };
          },
          .problems = [problems] { return problems; },
          .status_json = []() -> Result<std::string> { return "{}"; }};
}

UniqueFd connect_to(uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string answer_to(uint16_t port, const std::string& request) {
  const UniqueFd fd = connect_to(port);
  EXPECT_EQ(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string response;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
    response.append(buffer, static_cast<size_t>(got));
  }
  return response;
}

std::string get(uint16_t port, const std::string& path) {
  return answer_to(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br\r\n\r\n");
}

TEST(WebServer, Pages) {
  const auto server = WebServer::start("127.0.0.1", 0, pages());
  ASSERT_TRUE(server.has_value()) << server.error().message;
  const uint16_t port = (*server)->port();
  const std::string metrics = get(port, "/metrics");
  EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200")) << metrics;
  EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos) << metrics;
  EXPECT_EQ(metrics.find("Content-Encoding"), std::string::npos) << metrics;
  EXPECT_TRUE(metrics.ends_with("\r\n\r\n2\r\nal\r\n2\r\nl\n\r\n0\r\n\r\n")) << metrics;
  EXPECT_EQ(http_get("127.0.0.1", port, "/metrics").value(), "all\n");
  EXPECT_EQ(http_get("127.0.0.1", port, "/metrics/traefik").value(), "traefik\n");
  EXPECT_TRUE(get(port, "/metrics/mongodb").starts_with("HTTP/1.1 500"));
  EXPECT_TRUE(get(port, "/-/healthy").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(get(port, "/-/ready").ends_with("ready\n"));
  EXPECT_NE(get(port, "/").find("/api/v1/status"), std::string::npos);
  EXPECT_TRUE(get(port, "/other").starts_with("HTTP/1.1 404"));
  EXPECT_EQ(http_get("127.0.0.1", port, "/api/v1/status").value(), "{}");
}

TEST(WebServer, NoChunksForHttp10) {
  const auto server = WebServer::start("127.0.0.1", 0, pages());
  const std::string answer = answer_to((*server)->port(), "GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nall\n")) << answer;
}

TEST(WebServer, BrokenOffTextShows) {
  WebPages broken = pages();
  broken.metrics = [](Subset) -> Result<TextSource> {
    return [](const TextSink& sink) { return sink("half of it\n") && false; };
  };
  const auto server = WebServer::start("127.0.0.1", 0, broken);
  EXPECT_FALSE(http_get("127.0.0.1", (*server)->port(), "/metrics").has_value());
}

TEST(WebServer, NotReadyNamesEachReason) {
  const auto server = WebServer::start("127.0.0.1", 0, pages({"first", "second"}));
  const std::string answer = get((*server)->port(), "/-/ready");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nfirst\nsecond\n")) << answer;
}

TEST(WebServer, PortInUse) {
  const auto first = WebServer::start("127.0.0.1", 0, pages());
  const uint16_t port = (*first)->port();
  const auto second = WebServer::start("127.0.0.1", port, pages());
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(port) + ": EADDRINUSE"), std::string::npos)
      << second.error().message;
}

TEST(WebServer, AddressOfAnotherHost) {
  const auto server = WebServer::start("192.0.2.1", 9477, pages());
  ASSERT_FALSE(server.has_value());
  EXPECT_NE(server.error().message.find("EADDRNOTAVAIL"), std::string::npos) << server.error().message;
}

TEST(WebServer, HeadWithoutEndIsRefused) {
  const auto server = WebServer::start("127.0.0.1", 0, pages());
  std::string request = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 5000; ++i) request += "x: y\r\n";
  const UniqueFd fd = connect_to((*server)->port());
  (void)::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  char buffer[512];
  const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);  // an error answer or a reset, not a wait
  EXPECT_TRUE(got <= 0 || !std::string(buffer, static_cast<size_t>(got)).starts_with("HTTP/1.1 200"));
}

TEST(WebServer, SlowClientsHoldItForSecondsAtMost) {
  const auto server = WebServer::start("127.0.0.1", 0, pages());
  const uint16_t port = (*server)->port();
  std::vector<UniqueFd> slow;
  for (int i = 0; i < 4; ++i) slow.push_back(connect_to(port));
  std::atomic<bool> done = false;
  std::thread trickle([&] {
    while (!done) {
      for (const UniqueFd& fd : slow) (void)::send(fd.get(), "x", 1, MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const auto begin = Clock::now();
  EXPECT_TRUE(get(port, "/-/healthy").starts_with("HTTP/1.1 200"));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(8));  // every thread has a slow one, for five seconds
  done = true;
  trickle.join();
}

TEST(WebServer, StopsWithoutWaitingForClients) {
  auto server = WebServer::start("127.0.0.1", 0, pages());
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 8; ++i) idle.push_back(connect_to((*server)->port()));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto begin = Clock::now();
  server->reset();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
}

TEST(Client, SaysHowToMend) {
  const auto answer = http_get("127.0.0.1", 1, "/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(
      answer.error().message,
      "ask the agent at 127.0.0.1:1: ECONNREFUSED (Connection refused; start it with `mme-agent run`, or name the "
      "address of the one that runs with --address)");
}

}  // namespace
}  // namespace mme

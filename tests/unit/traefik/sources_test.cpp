// SPDX-License-Identifier: Apache-2.0
#include "traefik/sources.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "fake_process.h"

namespace mme::traefik {
namespace {

using namespace std::chrono_literals;

class SourcesTest : public FakeProcess {
 protected:
  [[nodiscard]] Names names() const {
    return ProcessSources(7, {}, proc()).refresh(ProcessSources::Clock::now()).names;
  }
};

using Strings = std::vector<std::string>;

// A Docker engine with one container, behind a socket of the process.
class Engine {
 public:
  explicit Engine(const std::string& socket) {
    const auto json = [](const std::string& text) {
      return
          [text](const httplib::Request&, httplib::Response& answer) { answer.set_content(text, "application/json"); };
    };
    server_.Get("/containers/json", json(R"([{"Id": "1"}])"));
    server_.Get("/containers/1/json", json(R"({"Id": "1", "Name": "/app", "State": {"Status": "running"},
        "Config": {"Labels": {}}, "NetworkSettings": {"Ports": {"80/tcp": null}, "Networks": {"n": {"IPAddress": "10.0.0.5"}}}})"));
    server_.Get("/events", [this](const httplib::Request& request, httplib::Response& answer) {
      filters.push_back(request.get_param_value("filters"));
      answer.set_content("", "application/json");
    });
    server_.set_address_family(AF_UNIX);
    EXPECT_TRUE(server_.bind_to_port(socket, 80));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~Engine() {
    server_.stop();
    thread_.join();
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Strings filters;

 private:
  httplib::Server server_;
  std::thread thread_;
};

TEST_F(SourcesTest, OwnMetricsOfTheOnePlaceThatTraefikReads) {
  EXPECT_EQ(names().own_metrics, std::nullopt);
  process({"traefik"}, {"TRAEFIK_METRICS_PROMETHEUS=true"});
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "on entrypoint traefik (:8080; static environment of 7)");
  process({"traefik", "--metrics.prometheus.manualrouting"}, {});
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "by a router of its own (manualRouting; static arguments of 7)");
  write("root/work/traefik.yml", "entryPoints: {m: {address: ':8082'}}\nmetrics: {prometheus: {entryPoint: m}}");
  ASSERT_TRUE(names().own_metrics);
  EXPECT_EQ(where(*names().own_metrics), "on entrypoint m (:8082; static ./traefik.yml:2)");
}

TEST_F(SourcesTest, OwnMetricsOfWhatCannotBeReadAreNotKnown) {
  process({"traefik", "--metrics.prometheus"}, {});
  write("root/work/traefik.yml", "metrics: {prometheus: {");
  EXPECT_EQ(names().own_metrics, std::nullopt);
  EXPECT_FALSE(names().problems.empty());
}

TEST_F(SourcesTest, AFileThatWasNeverReadMayHaveRouters) {
  process({"traefik", "--entrypoints.web.address=:80", "--providers.file.filename=/dynamic.yml"}, {});
  write("root/dynamic.yml", "http: {routers: {{ range .X }}{{ end }}}");
  ProcessSources sources(7, {}, proc());
  const auto learnt = [&] { return sources.refresh(ProcessSources::Clock::now()).configuration; };
  EXPECT_EQ(learnt()->unread, Strings{"the provider file"});
  EXPECT_EQ(learnt()->unread, Strings{"the provider file"});
  write("root/dynamic.yml", "http: {routers: {a: {rule: Host(`a`), service: s}}}");
  EXPECT_EQ(learnt()->unread, Strings{});
  EXPECT_TRUE(learnt()->routers.contains("a@file"));
  write("root/dynamic.yml", "http: {routers: {{ range .Y }}{{ end }}}");
  EXPECT_EQ(learnt()->unread, Strings{});  // Traefik as well goes on with what it had
  EXPECT_TRUE(learnt()->routers.contains("a@file"));
}

TEST_F(SourcesTest, ADockerThatWasNeverReadMayHaveRouters) {
  process({"traefik", "--entrypoints.web.address=:80", "--providers.docker.endpoint=unix:///d.sock"}, {});
  ProcessSources sources(7, {}, proc());
  const auto learnt = [&] { return sources.refresh(ProcessSources::Clock::now()).configuration; };
  EXPECT_EQ(learnt()->unread, Strings{"the provider docker"});
  const Engine engine((top_ / "root/d.sock").string());
  EXPECT_EQ(learnt()->unread, Strings{});
  EXPECT_TRUE(learnt()->routers.contains("app@docker"));
}

TEST_F(SourcesTest, WhatCannotBeReadOfTheStaticConfigurationMayHaveRouters) {
  write("root/work/traefik.yml", "providers: {");
  ProcessSources sources(7, {}, proc());
  EXPECT_EQ(sources.refresh(ProcessSources::Clock::now()).configuration->unread, Strings{"the static configuration"});
  write("root/work/traefik.yml", "providers: {}");
  EXPECT_EQ(sources.refresh(ProcessSources::Clock::now()).configuration->unread, Strings{});
}

TEST_F(SourcesTest, AsksDockerForTheEventsThatTraefikLooksAt) {
  process({"traefik", "--providers.docker.endpoint=unix:///d.sock"}, {});
  const Engine engine((top_ / "root/d.sock").string());
  ProcessSources sources(7, {}, proc());
  const auto now = ProcessSources::Clock::now();
  (void)sources.refresh(now);
  (void)sources.refresh(now + 2s);
  EXPECT_EQ(engine.filters, Strings{R"({"event":["die","health_status","start"],"type":["container"]})"});
}

}  // namespace
}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "metrics/in_flight.h"

#include <gtest/gtest.h>

#include "metrics/exposition.h"
#include "metrics/resolve.h"

namespace mme {
namespace {

using Entrypoints = std::map<std::string, uint64_t>;
using Servers = std::map<LinkNames, uint64_t>;

mme_in_flight busy(uint8_t role, uint16_t target, uint16_t port, uint32_t requests) {
  mme_in_flight raw{};
  raw.link.target = target;
  raw.link.role = role;
  raw.link.port = port;
  raw.requests = requests;
  if (role == MME_ROLE_UPSTREAM) raw.link.address[1] = 0x0500000affff0000ULL;  // ::ffff:10.0.0.5 in network order
  return raw;
}

ResolveContext context() {
  ResolveContext context;
  context.targets[1] = {.name = "traefik",
                        .entrypoints = {{8080, "web"}, {8081, "admin"}},
                        .servers = std::make_shared<ServerNames>(
                            ServerNames{{"10.0.0.5:8000", {.service = "tagging@file", .url = "http://mme:8000"}}})};
  context.targets[2] = {.name = "traefik-2", .entrypoints = {{9080, "web"}}};
  return context;
}

TEST(InFlight, HasTheNamesOfEntrypointsAndServers) {
  const InFlight result = resolve_in_flight(
      {busy(MME_ROLE_ENTRYPOINT, 1, 8080, 3), busy(MME_ROLE_ENTRYPOINT, 2, 9080, 4),
       busy(MME_ROLE_ENTRYPOINT, 1, 7000, 1), busy(MME_ROLE_UPSTREAM, 1, 8000, 5), busy(MME_ROLE_UPSTREAM, 1, 8001, 6)},
      {}, context());
  EXPECT_EQ(result.entrypoints, (Entrypoints{{"web", 7}, {"admin", 0}, {":7000", 1}}));
  EXPECT_EQ(result.servers,
            (Servers{{{"tagging@file", "http://mme:8000"}, 5}, {{"10.0.0.5:8001", "http://10.0.0.5:8001"}, 6}}));
}

TEST(InFlight, AnIdleServerHasNone) {
  Links links;
  links.servers[{"tagging@file", "http://its-old-name:8000"}] = {};
  links.last_failed[{"tagging@file", "http://mme:8000"}] = false;
  EXPECT_EQ(resolve_in_flight({}, links, context()).servers, (Servers{{{"tagging@file", "http://mme:8000"}, 0}}));
}

TEST(InFlight, ServersOverTheCapAreOneSeries) {
  std::vector<mme_in_flight> raw;
  for (uint16_t port = 1; port <= kInFlightLinks + 10; ++port) raw.push_back(busy(MME_ROLE_UPSTREAM, 1, port, 2));
  const Servers servers = resolve_in_flight(raw, {}, context()).servers;
  EXPECT_EQ(servers.size(), kInFlightLinks + 1);
  EXPECT_EQ(servers.at({"_other", "_other"}), 20U);
}

TEST(InFlight, IsExposedWhereTheKernelCanTell) {
  KernelSnapshot raw;
  raw.in_flight = {busy(MME_ROLE_ENTRYPOINT, 1, 8080, 3), busy(MME_ROLE_UPSTREAM, 1, 8000, 2)};
  const std::string text = whole(exposition(resolve(raw, context()), Subset::traefik));
  EXPECT_NE(text.find("# TYPE mme_http_requests_in_flight gauge\n"
                      "mme_http_requests_in_flight{entrypoint=\"admin\"} 0\n"
                      "mme_http_requests_in_flight{entrypoint=\"web\"} 3\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("# TYPE mme_upstream_requests_in_flight gauge\n"
                      "mme_upstream_requests_in_flight{service=\"tagging@file\",url=\"http://mme:8000\"} 2\n"),
            std::string::npos)
      << text;
}

TEST(InFlight, IsLeftOutWhereItCannot) {
  const std::string text = whole(exposition(resolve({}, context()), Subset::all));
  EXPECT_EQ(text.find("in_flight"), std::string::npos);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "traefik/names.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

Configuration configuration(const std::map<std::string, std::vector<std::string>>& services,
                            const std::vector<std::string>& routed) {
  Configuration out;
  for (const auto& [name, servers] : services) {
    Service service;
    service.name = name;
    service.type = ServiceType::load_balancer;
    service.servers = servers;
    out.services.emplace(name, service);
  }
  for (const std::string& service : routed) {
    Router router;
    router.name = "to-" + service;
    router.service = service;
    out.routers.emplace(router.name, router);
  }
  return out;
}

std::vector<std::string> no_addresses(std::string_view) {
  return {};
}

std::map<std::string, std::string> services(const Names& names) {
  std::map<std::string, std::string> out;
  for (const auto& [address, server] : names.servers) out[address] = server.service;
  return out;
}

using Services = std::map<std::string, std::string>;

TEST(Names, ServersByTheAddressOfTheirUrl) {
  const auto names = names_of(configuration({{"a@file",
                                              {"http://10.0.0.5:8000", "http://10.0.0.6/base", "https://10.0.0.7",
                                               "http://[::1]:81", "h2c://10.0.0.8:9"}}},
                                            {"a@file"}),
                              no_addresses);
  EXPECT_EQ(services(names), (Services{{"10.0.0.5:8000", "a@file"},
                                       {"10.0.0.6:80", "a@file"},
                                       {"10.0.0.7:443", "a@file"},
                                       {"10.0.0.8:9", "a@file"},
                                       {"[::1]:81", "a@file"}}));
  EXPECT_EQ(names.servers.at("10.0.0.6:80").url, "http://10.0.0.6/base");
  EXPECT_EQ(names.problems, std::vector<std::string>{});
}

TEST(Names, TwoServicesOfOneServerAreAmbiguous) {
  const auto names = names_of(configuration({{"a@file", {"http://10.0.0.5:80", "http://10.0.0.6:80"}},
                                             {"b@file", {"http://10.0.0.5"}},
                                             {"c@file", {"http://10.0.0.5/c"}}},
                                            {"a@file", "b@file", "c@file"}),
                              no_addresses);
  EXPECT_EQ(services(names), (Services{{"10.0.0.5:80", "ambiguous"}, {"10.0.0.6:80", "a@file"}}));
  EXPECT_EQ(names.servers.at("10.0.0.5:80").services, (std::vector<std::string>{"a@file", "b@file", "c@file"}));
}

TEST(Names, AServiceWithoutARouterYieldsToOneThatHasSome) {
  const auto names = names_of(
      configuration({{"a@file", {"http://10.0.0.5:80"}}, {"b@file", {"http://10.0.0.5:80", "http://10.0.0.6:80"}}},
                    {"a@file"}),
      no_addresses);
  EXPECT_EQ(services(names), (Services{{"10.0.0.5:80", "a@file"}, {"10.0.0.6:80", "b@file"}}));
}

TEST(Names, WhatTheAgentsConfigurationSaysComesFirst) {
  auto both = configuration({{"a@file", {"http://10.0.0.5:80"}}, {"b", {"http://10.0.0.5:80"}}}, {"a@file"});
  both.services.at("b").source.kind = SourceKind::agent;
  EXPECT_EQ(services(names_of(both, no_addresses)), (Services{{"10.0.0.5:80", "b"}}));
}

TEST(Names, HostsByTheirAddresses) {
  const auto known = [](std::string_view host) {
    return host == "mme" ? std::vector<std::string>{"172.18.0.3", "fd00::3"} : std::vector<std::string>{};
  };
  const auto names =
      names_of(configuration({{"a@file", {"http://MME:8000", "http://elsewhere:8000"}}}, {"a@file"}), known);
  EXPECT_EQ(services(names), (Services{{"172.18.0.3:8000", "a@file"}, {"[fd00::3]:8000", "a@file"}}));
  ASSERT_EQ(names.problems.size(), 1U);
  EXPECT_NE(names.problems[0].find("elsewhere"), std::string::npos) << names.problems[0];
}

TEST(Names, WhatIsNoUrlIsSaid) {
  const auto names = names_of(configuration({{"a@file", {"10.0.0.5:80", "http://", ""}}}, {"a@file"}), no_addresses);
  EXPECT_EQ(services(names), Services{});
  EXPECT_EQ(names.problems.size(), 3U);
}

TEST(Names, TwoEntrypointsOfOnePortAreSaid) {
  Configuration made;
  for (const auto& [name, address] : {std::pair("in", "10.0.0.1:80"), {"out", "10.0.0.2:80"}, {"dns", ":80/udp"}}) {
    Entrypoint entrypoint;
    entrypoint.name = name;
    EXPECT_TRUE(set_address(entrypoint, address));
    made.entrypoints.emplace(name, entrypoint);
  }
  const auto names = names_of(made, no_addresses);
  EXPECT_EQ(names.entrypoints.at(80).name, "in");
  EXPECT_EQ(names.problems, std::vector<std::string>{"file: entrypoint out: entrypoint in has port 80 as well, and its "
                                                     "name and routers are taken for all requests there"});
}

TEST(Names, Hosts) {
  const auto hosts =
      parse_hosts("127.0.0.1\tlocalhost\n# 1.1.1.1 no\n172.18.0.3 MME mme.local # c\r\n0:0::1 localhost\nx y");
  EXPECT_EQ(hosts.at("localhost"), (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(hosts.at("mme"), std::vector<std::string>{"172.18.0.3"});
  EXPECT_EQ(hosts.at("mme.local"), std::vector<std::string>{"172.18.0.3"});
  EXPECT_EQ(hosts.size(), 3U);
}

TEST(Names, RoutingProblemsAreTwentyAndACount) {
  Configuration made = configuration({{"a@file", {}}}, {"a@file"});
  EXPECT_EQ(routing_problems(made), std::vector<std::string>{"file: router to-a@file: none of its entrypoints exists"});
  for (int i = 0; i < 24; i++) {
    Router router;
    router.name = "r" + std::to_string(i);
    made.routers.emplace(router.name, router);
  }
  const auto problems = routing_problems(made);
  ASSERT_EQ(problems.size(), 21U);
  EXPECT_EQ(problems.back(), "… and 5 more routers");
}

}  // namespace
}  // namespace mme::traefik

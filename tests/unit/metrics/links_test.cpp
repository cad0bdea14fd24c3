// SPDX-License-Identifier: Apache-2.0
#include "metrics/links.h"

#include <gtest/gtest.h>

#include "metrics/kernel_snapshot.h"
#include "metrics/link_families.h"
#include "mme/histogram.h"

namespace mme {
namespace {

RawLink upstream(uint16_t target, uint16_t port) {
  RawLink raw;
  raw.key.target = target;
  raw.key.role = MME_ROLE_UPSTREAM;
  raw.key.port = port;
  raw.key.address[1] = 0x0500000affff0000ULL;  // ::ffff:10.0.0.5 in network order
  return raw;
}

ResolveContext context() {
  ResolveContext context;
  context.targets[1].name = "traefik";
  context.targets[1].servers = std::make_shared<ServerNames>(
      ServerNames{{"10.0.0.5:8000", {.service = "tagging@file", .url = "http://mme:8000"}}});
  return context;
}

std::string text(const Links& links, bool traefik, bool mongod) {
  std::string all;
  TextWriter out([&all](std::string_view piece) {
    all += piece;
    return true;
  });
  link_families(links, traefik, mongod, out);
  EXPECT_TRUE(out.finish());
  return all;
}

TEST(NetworkBounds, AreInclusiveAndAscending) {
  for (uint32_t i = 0; i < MME_NETWORK_BOUNDS; ++i) {
    EXPECT_EQ(mme_network_bound_index(mme_network_bounds_us[i]), i);
    EXPECT_EQ(mme_network_bound_index(mme_network_bounds_us[i] + 1ULL), i + 1);
  }
  EXPECT_EQ(mme_network_bound_index(0), 0U);
}

TEST(Links, AServerHasTheNamesOfItsService) {
  RawLink raw = upstream(1, 8000);
  raw.link.connects[0] = 2;
  raw.link.connects[MME_NETWORK_BOUNDS] = 1;
  raw.link.connect_us = 11'000'080;
  raw.link.failures[MME_CONNECT_REFUSED] = 7;
  const std::string all = text(resolve_links({raw}, context()), true, false);
  const std::string labels = R"(service="tagging@file",url="http://mme:8000")";
  EXPECT_NE(all.find("mme_upstream_connect_duration_seconds_bucket{" + labels + R"(,le="5e-05"} 2)"), std::string::npos)
      << all;
  EXPECT_NE(all.find("mme_upstream_connect_duration_seconds_count{" + labels + "} 3"), std::string::npos);
  EXPECT_NE(all.find("mme_upstream_connect_duration_seconds_sum{" + labels + "} 11.00008"), std::string::npos);
  EXPECT_NE(all.find("mme_upstream_connect_failures_total{reason=\"refused\"," + labels + "} 7"), std::string::npos);
  EXPECT_NE(all.find("mme_upstream_connect_failures_total{reason=\"unanswered\"," + labels + "} 0"), std::string::npos);
}

TEST(Links, WhatFoundNoRoomIsTheOther) {
  const Links links = resolve_links({upstream(0, 0)}, context());
  EXPECT_TRUE(links.servers.contains({"_other", "_other"}));
  EXPECT_TRUE(links.by_role.contains({"upstream", "_other"}));
}

TEST(Links, RolesOfATargetAreAddedUp) {
  RawLink one = upstream(1, 8000), two = upstream(1, 8001), mongod;
  one.link.retransmits = 3;
  two.link.retransmits = 4;
  mongod.key.role = MME_ROLE_MONGOD;
  mongod.key.target = 2;
  mongod.link.retransmits = 5;
  const Links links = resolve_links({one, two, mongod}, context());
  EXPECT_EQ(links.by_role.at({"upstream", "traefik"}).retransmits, 7U);
  EXPECT_EQ(text(links, true, false).find("mongod"), std::string::npos);
  EXPECT_EQ(text(links, false, true).find("upstream"), std::string::npos);
}

TEST(Links, AbortsByLegAndReason) {
  RawLink entrypoint, server = upstream(1, 8000);
  entrypoint.key.role = MME_ROLE_ENTRYPOINT;
  entrypoint.key.target = 1;
  entrypoint.link.aborted[MME_ABORT_BEFORE_REPLY] = 2;
  server.link.aborted[MME_ABORT_IN_REPLY] = 3;
  const Links links = resolve_links({entrypoint, server}, context());
  EXPECT_EQ(links.aborted, (std::map<Links::Labels, uint64_t>{{{"entrypoint", "before_reply"}, 2},
                                                              {{"entrypoint", "in_reply"}, 0},
                                                              {{"upstream", "before_reply"}, 0},
                                                              {{"upstream", "in_reply"}, 3}}));
}

TEST(ServersUp, ByTheLatestAttemptWhereNobodySaysIt) {
  RawLink up = upstream(1, 8000), unnamed = upstream(1, 9000);
  const std::vector<ServerUp> alive = {{"tagging@file", "http://mme:8000", true}};
  const std::vector<ServerUp> dead = {{"tagging@file", "http://mme:8000", false}};
  EXPECT_EQ(servers_up({}, resolve_links({up, unnamed}, context()), {}), alive);
  up.link.last_failed = 1;
  const Links failed = resolve_links({up, unnamed}, context());
  EXPECT_EQ(servers_up({}, failed, {}), dead);
  EXPECT_EQ(servers_up(alive, failed, {}), alive);  // Traefik's word is above ours
}

TEST(ServersUp, WhatAnswersOnConnectionsOlderThanTheAgent) {
  RawSeries answered;
  answered.key.family = MME_FAMILY_UPSTREAM;
  answered.key.target = 1;
  answered.key.port = 8000;
  const RawLink link = upstream(1, 8000);
  std::copy(std::begin(link.key.address), std::end(link.key.address), answered.key.name);
  EXPECT_TRUE(answering_servers({answered}, context()).empty());
  answered.latency.bounds = {1};
  RawSeries unnamed = answered;
  unnamed.key.port = 9000;
  const std::set<LinkNames> answering = answering_servers({answered, unnamed}, context());
  EXPECT_EQ(servers_up({}, {}, answering), (std::vector<ServerUp>{{"tagging@file", "http://mme:8000", true}}));
  RawLink refused = upstream(1, 8000);
  refused.link.last_failed = 1;
  EXPECT_FALSE(servers_up({}, resolve_links({refused}, context()), answering).at(0).up);
}

// "localhost": where the first address refuses, Go goes on to the next.
TEST(ServersUp, OneOfItsAddressesIsEnough) {
  ResolveContext names = context();
  names.targets[1].servers = std::make_shared<ServerNames>(
      ServerNames{{"10.0.0.5:8000", {.service = "tagging@file", .url = "http://localhost:8000"}},
                  {"10.0.0.5:8001", {.service = "tagging@file", .url = "http://localhost:8000"}}});
  RawLink refused = upstream(1, 8000), up = upstream(1, 8001);
  refused.link.last_failed = 1;
  EXPECT_TRUE(servers_up({}, resolve_links({refused, up}, names), {}).at(0).up);
  EXPECT_TRUE(servers_up({}, resolve_links({up, refused}, names), {}).at(0).up);
  up.link.last_failed = 1;
  EXPECT_FALSE(servers_up({}, resolve_links({refused, up}, names), {}).at(0).up);
  RawLink settled = refused;
  settled.link.last_failed = 0;
  settled.settled = LinkNames{"tagging@file", "http://localhost:8000"};
  EXPECT_FALSE(servers_up({}, resolve_links({refused, up, settled}, names), {}).at(0).up);  // says nothing of now
}

}  // namespace
}  // namespace mme

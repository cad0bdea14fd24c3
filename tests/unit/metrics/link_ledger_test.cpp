// SPDX-License-Identifier: Apache-2.0
#include "metrics/link_ledger.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

constexpr const char* kUrl = "http://mme:8000";

ResolveContext named(const std::string& service) {
  ResolveContext context;
  context.targets[1].name = "traefik";
  if (!service.empty()) {
    context.targets[1].servers =
        std::make_shared<ServerNames>(ServerNames{{"10.0.0.5:8000", {.service = service, .url = kUrl}}});
  }
  return context;
}

RawLink refused(uint32_t times) {
  RawLink raw;
  raw.key.target = 1;
  raw.key.role = MME_ROLE_UPSTREAM;
  raw.key.port = 8000;
  raw.key.address[1] = 0x0500000affff0000ULL;  // ::ffff:10.0.0.5 in network order
  raw.link.failures[MME_CONNECT_REFUSED] = times;
  raw.link.last_failed = 1;
  return raw;
}

RawFirstBytes late(uint32_t times) {
  RawFirstBytes raw;
  raw.key = refused(0).key;
  raw.times.first[0] = times;
  raw.times.last_ns = 100ULL * times;
  return raw;
}

std::map<std::string, uint64_t> shown(const LinkLedger& ledger, uint32_t times, const ResolveContext& now) {
  std::vector<RawLink> links = {refused(times)};
  std::vector<RawFirstBytes> first_bytes = {late(times)};
  ledger.apply(links, first_bytes);
  std::map<std::string, uint64_t> counts;
  for (const auto& [labels, server] : resolve_links(links, now).servers) {
    counts[labels.first] = server.failures[MME_CONNECT_REFUSED];
  }
  std::map<std::string, uint64_t> replies;
  for (const RawFirstBytes& one : first_bytes) {
    replies[one.settled ? one.settled->first : link_names(now, one.key).first] += one.times.first[0];
  }
  EXPECT_EQ(counts, replies);
  return counts;
}

using Counts = std::map<std::string, uint64_t>;

TEST(LinkLedger, ARenamedServiceBeginsAtZero) {
  LinkLedger ledger(100);
  ledger.settle({refused(10)}, {late(10)}, named("old"), named("new"));
  EXPECT_EQ(shown(ledger, 10, named("new")), (Counts{{"old", 10}, {"new", 0}}));
  EXPECT_EQ(shown(ledger, 13, named("new")), (Counts{{"old", 10}, {"new", 3}}));
}

TEST(LinkLedger, ANameThatComesBackGoesOn) {
  LinkLedger ledger(100);
  ledger.settle({refused(10)}, {late(10)}, named("old"), named("new"));
  ledger.settle({refused(13)}, {late(13)}, named("new"), named("old"));
  EXPECT_EQ(shown(ledger, 14, named("old")), (Counts{{"old", 11}, {"new", 3}}));
}

TEST(LinkLedger, WhatHadNoNameGoesToTheFirst) {
  LinkLedger ledger(100);
  ledger.settle({refused(10)}, {late(10)}, named(""), named("first"));
  EXPECT_EQ(shown(ledger, 11, named("first")), (Counts{{"first", 11}}));
}

TEST(LinkLedger, NamesOverTheCapAreOne) {
  LinkLedger ledger(2);
  ledger.settle({refused(10)}, {late(10)}, named("a"), named("b"));
  ledger.settle({refused(13)}, {late(13)}, named("b"), named("c"));
  ledger.settle({refused(14)}, {late(14)}, named("c"), named("d"));
  EXPECT_EQ(shown(ledger, 15, named("d")), (Counts{{"a", 10}, {"b", 3}, {"_other", 2}}));
  std::vector<RawLink> links = {refused(15)};
  std::vector<RawFirstBytes> first_bytes;
  ledger.apply(links, first_bytes);
  EXPECT_EQ(servers_up({}, resolve_links(links, named("d")), {}), (std::vector<ServerUp>{{"d", kUrl, false}}));
}

TEST(LinkLedger, AnOldNameHasNoServerThatIsUp) {
  LinkLedger ledger(100);
  ledger.settle({refused(10)}, {late(10)}, named("old"), named("new"));
  std::vector<RawLink> links = {refused(10)};
  std::vector<RawFirstBytes> first_bytes;
  ledger.apply(links, first_bytes);
  EXPECT_EQ(servers_up({}, resolve_links(links, named("new")), {}), (std::vector<ServerUp>{{"new", kUrl, false}}));
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/resolve.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include "mme/mongo_commands.h"

namespace mme {
namespace {

RawSeries entrypoint(uint16_t target, uint16_t port, uint16_t code, uint64_t count) {
  RawSeries series;
  series.key.target = target;
  series.key.family = MME_FAMILY_ENTRYPOINT;
  series.key.port = port;
  series.key.code = code;
  series.key.method = MME_METHOD_GET;
  series.latency.bounds = {count, 0};
  series.latency.buckets = {{100, count}};
  series.latency.sum_ns = count * 1000;
  series.request_bytes = 1;
  series.response_bytes = 2;
  return series;
}

RawSeries mongo(uint16_t command, uint64_t database, uint64_t collection, uint8_t outcome) {
  RawSeries series;
  series.key.family = MME_FAMILY_MONGO;
  series.key.code = command;
  series.key.variant = outcome;
  series.key.name[0] = database;
  series.key.name[1] = collection;
  series.latency.bounds = {1, 0};
  return series;
}

ResolveContext context() {
  return {{{0, {"traefik", {{8080, "web"}, {8443, "bad\xff"}}}}, {1, {"edge", {}}}}};
}

TEST(Resolve, NamesAnEntrypoint) {
  KernelSnapshot raw;
  raw.series = {entrypoint(0, 8080, 200, 3), entrypoint(1, 80, 404, 1), entrypoint(7, 81, 500, 1)};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.entrypoint.size(), 3U);
  EXPECT_EQ(snapshot.entrypoint[0].leg, ":80");
  EXPECT_EQ(snapshot.entrypoint[0].target, "edge");
  EXPECT_EQ(snapshot.entrypoint[1].leg, ":81");
  EXPECT_EQ(snapshot.entrypoint[1].target, "unknown");
  const HttpSeries& web = snapshot.entrypoint[2];
  EXPECT_EQ(web.leg, "web");
  EXPECT_EQ(web.code, "200");
  EXPECT_EQ(web.method, "GET");
  EXPECT_EQ(web.protocol, "http");
  EXPECT_EQ(web.latency.count(), 3U);
  EXPECT_EQ(web.response_bytes, 2U);
}

TEST(Resolve, MergesWhatBecomesTheSame) {
  KernelSnapshot raw;
  RawSeries a = entrypoint(0, 8080, 200, 3);
  a.key.method = 77;
  RawSeries b = entrypoint(0, 8080, 200, 4);
  b.key.method = 78;
  b.latency.buckets = {{99, 1}, {100, 2}, {217, 1}};
  raw.series = {a, entrypoint(0, 8080, 200, 9), b};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.entrypoint.size(), 2U);
  const HttpSeries& merged = snapshot.entrypoint[0];
  EXPECT_EQ(merged.method, "EXTENSION_METHOD");
  EXPECT_EQ(merged.latency.bounds, (std::vector<uint64_t>{7, 0}));
  EXPECT_EQ(merged.latency.buckets, (std::vector<Latency::Bucket>{{99, 1}, {100, 5}, {217, 1}}));
  EXPECT_EQ(merged.latency.sum_ns, 7000U);
  EXPECT_EQ(merged.request_bytes, 2U);
}

TEST(Resolve, OverflowIsOtherInEveryLabel) {
  KernelSnapshot raw;
  RawSeries http = entrypoint(0, 0, 0, 5);
  http.key.other = 1;
  RawSeries command = mongo(0, 0, 0, 0);
  command.key.other = 1;
  raw.series = {http, command};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.entrypoint.size(), 1U);
  for (const std::string& label :
       {snapshot.entrypoint[0].leg, snapshot.entrypoint[0].code, snapshot.entrypoint[0].method,
        snapshot.entrypoint[0].protocol, snapshot.mongo[0].command, snapshot.mongo[0].database,
        snapshot.mongo[0].collection, snapshot.mongo[0].outcome}) {
    EXPECT_EQ(label, "_other");
  }
}

TEST(Resolve, Upstream) {
  KernelSnapshot raw;
  RawSeries series = entrypoint(0, 8000, 200, 1);
  series.key.family = MME_FAMILY_UPSTREAM;
  series.key.variant = MME_HTTP_SSE;
  inet_pton(AF_INET6, "::ffff:10.0.0.5", series.key.name);
  raw.series = {series};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.upstream.size(), 1U);
  EXPECT_EQ(snapshot.upstream[0].leg, "10.0.0.5:8000");
  EXPECT_EQ(snapshot.upstream[0].protocol, "sse");
}

TEST(Resolve, MongoNamesByHash) {
  KernelSnapshot raw;
  raw.names =
      std::make_shared<WireNames>(WireNames{{1, "mme"}, {2, "memories\xff"}, {3, std::string(118, 'x') + "\xe2\x82"}});
  raw.series = {mongo(MME_COMMAND_find, 1, 2, MME_OUTCOME_OK), mongo(MME_COMMAND_insert, 1, 3, MME_OUTCOME_ERROR),
                mongo(MME_COMMAND_ping, 1, 0, MME_OUTCOME_OK), mongo(MME_COMMAND_ping, 1, 99, MME_OUTCOME_OK)};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.mongo.size(), 4U);
  EXPECT_EQ(snapshot.mongo[0].command, "find");
  EXPECT_EQ(snapshot.mongo[0].database, "mme");
  EXPECT_EQ(snapshot.mongo[0].collection, "memories\xef\xbf\xbd");
  EXPECT_TRUE(snapshot.mongo[0].ok);
  EXPECT_EQ(snapshot.mongo[1].collection, std::string(118, 'x'));
  EXPECT_FALSE(snapshot.mongo[1].ok);
  EXPECT_EQ(snapshot.mongo[1].outcome, "error");
  EXPECT_EQ(snapshot.mongo[2].collection, "_database");
  EXPECT_EQ(snapshot.mongo[3].collection, "unknown");
}

TEST(Resolve, ReplicationApartFromClients) {
  KernelSnapshot raw;
  raw.names = std::make_shared<WireNames>(WireNames{{1, "local"}, {2, "oplog.rs"}});
  raw.series = std::vector(4, mongo(MME_COMMAND_find, 1, 2, MME_OUTCOME_OK));
  raw.series[1].key.method = MME_PEER_MEMBER;
  raw.series[2].key.method = MME_PEER_INTERNAL;
  raw.series[3].key.method = MME_PEER_INTERNAL;
  raw.series[3].key.code = MME_COMMAND_hello;
  raw.mongo_replication_counts.resize(MME_MONGO_COMMAND_COUNT);
  raw.mongo_replication_counts[MME_COMMAND_find].awaited = 5;
  raw.mongo_errors = {
      {.command = MME_COMMAND_find, .code = 11000, .count = 2},
      {.command = MME_COMMAND_find, .code = 11000, .count = 3, .replication = true},
      {.command = MME_COMMAND_find, .code = 11000, .kind = MME_MONGO_ERROR_WRITE, .count = 4, .replication = true}};
  raw.mongo_members = {{.target = 0, .set = "rs0", .me = "a:1", .role = "primary"}};
  const Snapshot snapshot = resolve(raw, context());
  ASSERT_EQ(snapshot.mongo.size(), 1U);
  EXPECT_EQ(snapshot.mongo[0].latency.count(), 2 * raw.series[0].latency.count());
  ASSERT_EQ(snapshot.mongo_replication.size(), 2U);
  EXPECT_EQ(snapshot.mongo_replication[0].command, "find");
  EXPECT_EQ(snapshot.mongo_replication[1].command, "hello");
  const auto found = std::find_if(snapshot.mongo_replication_counts.begin(), snapshot.mongo_replication_counts.end(),
                                  [](const MongoCommandCounts& one) { return one.command == "find"; });
  ASSERT_NE(found, snapshot.mongo_replication_counts.end());
  EXPECT_EQ(found->counts.awaited, 5U);
  ASSERT_EQ(snapshot.mongo_errors.size(), 1U);
  EXPECT_EQ(snapshot.mongo_errors[0].count, 2U);
  EXPECT_TRUE(snapshot.mongo_write_errors.empty());
  ASSERT_EQ(snapshot.mongo_replication_errors.size(), 1U);
  EXPECT_EQ(snapshot.mongo_replication_errors[0].count, 7U);
  ASSERT_EQ(snapshot.mongo_members.size(), 1U);
  EXPECT_EQ(snapshot.mongo_members[0].role, "primary");
}

TEST(Resolve, CountersByCommand) {
  KernelSnapshot raw;
  raw.mongo_counts.resize(70000);  // ids out of range are `other`, not a crash
  raw.mongo_counts[2].awaited = 5;
  raw.mongo_counts.back().unacknowledged = 1;
  raw.mongo_errors = {{0, MME_COMMAND_insert, 11000, MME_MONGO_ERROR_COMMAND, 2},
                      {1, MME_COMMAND_insert, 11000, MME_MONGO_ERROR_COMMAND, 3},
                      {0, 60000, 12345, MME_MONGO_ERROR_COMMAND, 1},
                      {0, MME_COMMAND_insert, 11000, MME_MONGO_ERROR_WRITE, 5},
                      {0, MME_COMMAND_insert, 100, MME_MONGO_ERROR_WRITE_CONCERN, 7}};
  const Snapshot snapshot = resolve(raw, context());
  std::map<std::string, mme_mongo_counts> counts;
  for (const MongoCommandCounts& entry : snapshot.mongo_counts) counts[entry.command] = entry.counts;
  EXPECT_EQ(counts["find"].awaited, 5U);
  EXPECT_EQ(counts["other"].unacknowledged, 1U);
  EXPECT_EQ(counts.size(), snapshot.mongo_counts.size());
  ASSERT_EQ(snapshot.mongo_errors.size(), 2U);
  EXPECT_EQ(snapshot.mongo_errors[0].error, "DuplicateKey");
  EXPECT_EQ(snapshot.mongo_errors[0].count, 5U);
  EXPECT_EQ(snapshot.mongo_errors[1].command, "other");
  EXPECT_EQ(snapshot.mongo_errors[1].error, "other");
  ASSERT_EQ(snapshot.mongo_write_errors.size(), 1U);
  EXPECT_EQ(snapshot.mongo_write_errors[0].count, 5U);
  ASSERT_EQ(snapshot.mongo_write_concern_errors.size(), 1U);
  EXPECT_EQ(snapshot.mongo_write_concern_errors[0].error, "UnsatisfiableWriteConcern");
}

TEST(Resolve, EveryReasonIsThere) {
  KernelSnapshot raw;
  raw.accounts[MME_PROTOCOL_MONGO].bytes_skipped[MME_SKIP_TLS] = 7;
  const Snapshot snapshot = resolve(raw, {});
  EXPECT_EQ(snapshot.accounts.at("mongo").bytes_skipped.at("tls"), 7U);
  EXPECT_EQ(snapshot.accounts.at("http").messages_skipped.size(), size_t{MME_SKIPS});
}

TEST(Resolve, OpenConnectionsByEntrypoint) {
  KernelSnapshot raw;
  raw.open_connections[MME_ROLE_ENTRYPOINT] = 4;
  EXPECT_EQ(resolve(raw, {{{0, {"traefik", {{8080, "web"}}}}}}).open_by_entrypoint.at("web"), 4U);
  EXPECT_EQ(resolve(raw, context()).open_by_entrypoint.at("_other"), 4U);
  raw.open_by_port = {{0, 8080, 3}, {1, 99, 1}};
  const auto open = resolve(raw, context()).open_by_entrypoint;
  EXPECT_EQ(open.at("web"), 3U);
  EXPECT_EQ(open.at(":99"), 1U);
  EXPECT_EQ(open.size(), 2U);
}

TEST(Resolve, OpenConnectionsOfPortsForWhichTheKernelHasNoRoom) {
  KernelSnapshot raw;
  raw.open_connections[MME_ROLE_ENTRYPOINT] = 300;
  for (uint16_t port = 1; port <= kOpenPortsMax; ++port) raw.open_by_port.push_back({0, port, 1});
  EXPECT_EQ(resolve(raw, context()).open_by_entrypoint.at("_other"), 44U);
  raw.open_connections[MME_ROLE_ENTRYPOINT] = 200;  // read a moment before
  EXPECT_EQ(resolve(raw, context()).open_by_entrypoint.at("_other"), 0U);
}

}  // namespace
}  // namespace mme

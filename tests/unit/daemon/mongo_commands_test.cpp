// SPDX-License-Identifier: Apache-2.0
#include "daemon/mongo_commands.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "../mongo/zip.h"
#include "../protocol/bson.h"
#include "metrics/names.h"

namespace mme {
namespace {

using test::Json;
using test::u32;

constexpr uint64_t kMillisecond = 1'000'000;

std::string op_msg(const std::string& document, uint32_t flags = 0) {
  return u32(flags) + '\0' + test::bson(Json::parse(document));
}

std::string message(uint32_t opcode, const std::string& body) {
  return u32(static_cast<uint32_t>(16 + body.size())) + u32(7) + u32(0) + u32(opcode) + body;
}

std::string plain(const std::string& document) {
  return message(MME_OP_MSG, op_msg(document));
}

std::string compressed(const std::string& content) {
  const std::string zipped = test::zip(test::kZlib, content);
  return message(MME_OP_COMPRESSED, test::zipped_body(test::kZlib, static_cast<uint32_t>(content.size()), zipped));
}

mme_mongo_exchange exchange(uint16_t command, uint8_t why, uint64_t milliseconds = 1) {
  mme_mongo_exchange told{};
  told.key.target = 3;
  told.key.family = MME_FAMILY_MONGO;
  told.key.code = command;
  told.cookie = 42;
  told.duration_ns = milliseconds * kMillisecond;
  told.request_bytes = 100;
  told.response_bytes = 200;
  told.client[1] = 0x0100007fffff0000;  // ::ffff:127.0.0.1
  told.client_port = 5555;
  told.why = why;
  return told;
}

class MongoCommandsTest : public ::testing::Test {
 protected:
  std::optional<mongo::SlowCommand> compressed_exchange(const std::string& request, const std::string& reply) {
    return commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED), compressed(op_msg(request)),
                           compressed(op_msg(reply)), {});
  }
  // A cursor of `opener` and a getMore of it that does not end it.
  void open_cursor(uint64_t id, const std::string& opener = R"({"find": "c", "$db": "mme"})") {
    compressed_exchange(opener, batch("firstBatch", id));
  }
  void get_more(uint64_t id, uint64_t left) {
    compressed_exchange(R"({"getMore": {"$long": )" + std::to_string(id) + R"(}, "collection": "c", "$db": "mme"})",
                        batch("nextBatch", left));
  }
  static std::string batch(const std::string& name, uint64_t id) {
    return R"({"cursor": {")" + name + R"(": [], "id": {"$long": )" + std::to_string(id) + R"(}}, "ok": 1})";
  }
  [[nodiscard]] uint64_t awaited() const { return snapshot().mongo_counts[MME_COMMAND_getMore].awaited; }
  [[nodiscard]] KernelSnapshot snapshot() const {
    KernelSnapshot taken;
    commands_.add_to(taken);
    return taken;
  }
  // Counts by command, database, collection and outcome.
  [[nodiscard]] std::map<std::string, uint64_t> counts() const {
    const KernelSnapshot taken = snapshot();
    std::map<std::string, uint64_t> counts;
    for (const RawSeries& series : taken.series) {
      const auto name = [&](uint64_t hash) { return hash == 0 ? std::string("-") : taken.names->at(hash); };
      counts[series.key.other != 0 ? "_other"
                                   : std::to_string(series.key.code) + " " + name(series.key.name[0]) + " " +
                                         name(series.key.name[1]) + (series.key.variant != 0 ? " error" : "")] +=
          series.latency.count();
    }
    return counts;
  }

  MongoCommands commands_{{0.01, 0.1}, 2};
};

std::string key(uint16_t command, const std::string& rest) {
  return std::to_string(command) + " " + rest;
}

TEST_F(MongoCommandsTest, CompressedOnesAreCountedAsTheProgramsCountTheOthers) {
  compressed_exchange(R"({"find": "items", "$db": "mme"})", R"({"cursor": {"id": {"$long": 0}}, "ok": 1.0})");
  compressed_exchange(R"({"find": "items", "$db": "mme"})", R"({"ok": 0.0, "code": 2})");
  EXPECT_EQ(counts(), (std::map<std::string, uint64_t>{{key(MME_COMMAND_find, "mme items"), 1},
                                                       {key(MME_COMMAND_find, "mme items error"), 1}}));
  const KernelSnapshot taken = snapshot();
  EXPECT_EQ(taken.series[0].key.target, 3);
  EXPECT_EQ(taken.series[0].request_bytes, 100U);
  EXPECT_EQ(taken.series[0].response_bytes, 200U);
  ASSERT_EQ(taken.mongo_errors.size(), 1U);
  EXPECT_EQ(taken.mongo_errors[0].code, 2);
  EXPECT_EQ(taken.mongo_errors[0].command, MME_COMMAND_find);
}

TEST_F(MongoCommandsTest, WhatCannotBeOpenedStaysCompressed) {
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED), "nonsense", "", {});
  EXPECT_EQ(counts(), (std::map<std::string, uint64_t>{{key(MME_COMMAND_compressed, "- -"), 1}}));
}

TEST_F(MongoCommandsTest, TheRestIsOther) {
  for (const char* name : {"a", "b", "c", "d", "a"}) {
    compressed_exchange(std::string(R"({"find": ")") + name + R"(", "$db": "mme"})", R"({"ok": 1})");
  }
  EXPECT_EQ(counts(), (std::map<std::string, uint64_t>{
                          {key(MME_COMMAND_find, "mme a"), 2}, {key(MME_COMMAND_find, "mme b"), 1}, {"_other", 2}}));
  EXPECT_EQ(snapshot().series_overflow[MME_FAMILY_MONGO], 2U);
}

TEST_F(MongoCommandsTest, WaitingByDesignIsNoLatency) {
  compressed_exchange(R"({"aggregate": "c", "pipeline": [{"$changeStream": {}}], "cursor": {}, "$db": "mme"})",
                      R"({"cursor": {"firstBatch": [], "id": {"$long": 77}}, "ok": 1})");
  compressed_exchange(R"({"getMore": {"$long": 77}, "collection": "c", "$db": "mme"})", R"({"ok": 1})");
  compressed_exchange(R"({"getMore": {"$long": 78}, "collection": "c", "$db": "mme"})", R"({"ok": 1})");
  EXPECT_EQ(snapshot().mongo_counts[MME_COMMAND_getMore].awaited, 1U);
  EXPECT_EQ(counts()[key(MME_COMMAND_getMore, "mme c")], 1U);
}

constexpr const char* kChangeStream =
    R"({"aggregate": "c", "pipeline": [{"$changeStream": {}}], "cursor": {}, "$db": "mme"})";
constexpr uint64_t kMoreThanAllCursors = 5000;

TEST_F(MongoCommandsTest, ChangeStreamsOutlastShortCursors) {
  open_cursor(77, kChangeStream);
  for (uint64_t id = 1000; id < 1000 + kMoreThanAllCursors; ++id) {
    open_cursor(id);
    get_more(id, 0);
  }
  get_more(77, 77);
  EXPECT_EQ(awaited(), 1U);
}

TEST_F(MongoCommandsTest, ChangeStreamsOutlastKilledCursors) {
  open_cursor(77, kChangeStream);
  for (uint64_t id = 1000; id < 1000 + 2 * kMoreThanAllCursors; id += 2) {
    open_cursor(id);
    open_cursor(id + 1);
    compressed_exchange(R"({"killCursors": "c", "cursors": [{"$long": )" + std::to_string(id) + R"(}, {"$long": )" +
                            std::to_string(id + 1) + R"(}], "$db": "mme"})",
                        R"({"cursorsKilled": [{"$long": 1}], "cursorsNotFound": [{"$long": 2}], "ok": 1})");
  }
  get_more(77, 77);
  EXPECT_EQ(awaited(), 1U);
}

TEST_F(MongoCommandsTest, WhatMayNotBeKilledIsThereStill) {
  open_cursor(77, kChangeStream);
  compressed_exchange(R"({"killCursors": "c", "cursors": [{"$long": 77}], "$db": "mme"})",
                      R"({"ok": 0.0, "code": 13})");
  get_more(77, 77);
  EXPECT_EQ(awaited(), 1U);
}

TEST_F(MongoCommandsTest, ChangeStreamsThatAreReadOutlastCursorsThatAreLeft) {
  open_cursor(77, kChangeStream);
  for (uint64_t id = 1000; id < 1000 + kMoreThanAllCursors; ++id) {
    open_cursor(id);
    if (id % 1000 == 0) get_more(77, 77);
  }
  get_more(77, 77);
  EXPECT_EQ(awaited(), 6U);
}

TEST_F(MongoCommandsTest, CursorsOfCompressedOnesWhoseRepliesAreWhole) {
  compressed_exchange(R"({"find": "c", "$db": "mme"})",
                      R"({"cursor": {"firstBatch": [{}, {}], "id": {"$long": 77}}, "ok": 1})");
  compressed_exchange(R"({"getMore": {"$long": 77}, "collection": "c", "$db": "mme"})",
                      R"({"cursor": {"nextBatch": [{}], "id": {"$long": 0}}, "ok": 1})");
  compressed_exchange(R"({"killCursors": "c", "cursors": [], "$db": "mme"})",
                      R"({"cursorsKilled": [{"$long": 1}, {"$long": 2}], "ok": 1})");
  const KernelSnapshot taken = snapshot();
  const mme_mongo_counts& find = taken.mongo_counts[MME_COMMAND_find];
  EXPECT_EQ(find.cursors_opened, 1U);
  EXPECT_EQ(find.cursors_exhausted, 1U);
  EXPECT_EQ(find.documents, 3U);
  EXPECT_EQ(find.bytes, 400U);
  EXPECT_EQ(taken.mongo_counts[MME_COMMAND_killCursors].cursors_killed, 2U);
}

TEST_F(MongoCommandsTest, SlowGetMoresNameWhatOpenedTheirCursor) {
  auto told = exchange(MME_COMMAND_getMore, MME_TOLD_SLOW, 150);
  told.origin = MME_COMMAND_aggregate;
  const auto found = commands_.ended(told, plain(R"({"getMore": {"$long": 7}, "collection": "c"})"), "", {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cursor_command, "aggregate");
  EXPECT_EQ(found->cursor_id, std::nullopt);
}

TEST_F(MongoCommandsTest, UnansweredOnesThatWantNoReply) {
  const auto told = exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED | MME_TOLD_UNANSWERED);
  const std::string insert = R"({"insert": "c", "documents": [], "$db": "mme"})";
  (void)commands_.ended(told, compressed(op_msg(insert, 2)), "", {});
  (void)commands_.ended(told, compressed(op_msg(insert)), "", {});  // its client left
  EXPECT_EQ(snapshot().mongo_counts[MME_COMMAND_insert].unacknowledged, 1U);
  EXPECT_TRUE(counts().empty());
}

TEST_F(MongoCommandsTest, LongRequestsComeInPieces) {
  std::string filter = "0";
  for (int i = 1; i < 2000; ++i) filter += ", " + std::to_string(i * 7919);
  const std::string whole =
      compressed(op_msg(R"({"find": "items", "filter": {"n": {"$in": [)" + filter + R"(]}}, "$db": "mme"})"));
  ASSERT_GT(whole.size(), 2000U);
  auto piece = exchange(0, MME_TOLD_PIECE);
  std::memcpy(&piece.cursor_id, whole.data() + 4, 4);
  piece.cursor_id += 1;  // another request, whose end was not told
  (void)commands_.ended(piece, std::string_view(whole).substr(500), "", {});
  piece.cursor_id -= 1;
  (void)commands_.ended(piece, std::string_view(whole).substr(1000), "", {});
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED), std::string_view(whole).substr(0, 1000),
                        "", {});
  EXPECT_EQ(counts(), (std::map<std::string, uint64_t>{{key(MME_COMMAND_find, "mme items"), 1}}));
}

// One request of a connection in parts: the first with the exchange, the rest as pieces.
class MongoPiecesTest : public MongoCommandsTest {
 protected:
  void piece(uint64_t cookie, size_t from, size_t to) {
    auto told = exchange(0, MME_TOLD_PIECE);
    told.cookie = cookie;
    std::memcpy(&told.cursor_id, whole_.data() + 4, 4);
    (void)commands_.ended(told, std::string_view(whole_).substr(from, to - from), "", {});
  }
  // Whether it could be opened with the pieces before.
  bool ends(uint64_t cookie) {
    const uint64_t before = counts()[key(MME_COMMAND_find, "mme items")];
    auto told = exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED);
    told.cookie = cookie;
    (void)commands_.ended(told, std::string_view(whole_).substr(0, 30), "", {});
    return counts()[key(MME_COMMAND_find, "mme items")] > before;
  }

  const std::string whole_ = compressed(op_msg(R"({"find": "items", "filter": {}, "$db": "mme"})"));
};

TEST_F(MongoPiecesTest, ThoseWhoseEndIsNeverToldMakeRoom) {
  for (uint64_t cookie = 1; cookie <= 1000; ++cookie) piece(cookie, 30, whole_.size());
  EXPECT_TRUE(ends(1000));
}

TEST_F(MongoPiecesTest, TheOneWithoutAPieceForLongestMakesRoom) {
  piece(1, 30, 40);  // the oldest connection
  for (uint64_t cookie = 1001; cookie <= 1063; ++cookie) piece(cookie, 30, 40);
  piece(1, 40, whole_.size());
  for (uint64_t cookie = 2001; cookie <= 2063; ++cookie) piece(cookie, 30, 40);
  EXPECT_TRUE(ends(1));
}

TEST_F(MongoPiecesTest, ThoseOfClosedConnectionsGo) {
  piece(1, 30, whole_.size());
  piece(2, 30, whole_.size());
  mme_in_flight open{};
  open.cookie = 2;
  for (int sample = 0; sample < 2; ++sample) commands_.forget_closed({open});
  EXPECT_FALSE(ends(1));
  EXPECT_TRUE(ends(2));
}

TEST_F(MongoCommandsTest, WhatRetiredSeriesCountedIsKeptWithoutNames) {
  for (const char* find :
       {R"({"find": "a", "$db": "mme"})", R"({"find": "a", "$db": "mme"})", R"({"find": "b", "$db": "mme"})"})
    (void)compressed_exchange(find, R"({"ok": 1})");
  std::vector<mme_series_key> keys;
  for (const RawSeries& series : snapshot().series) keys.push_back(series.key);
  ASSERT_EQ(keys.size(), 2U);
  commands_.retire(keys);
  commands_.retire(keys);
  const KernelSnapshot after = snapshot();
  EXPECT_TRUE(after.series.empty());
  ASSERT_EQ(after.retired.size(), 1U);
  EXPECT_EQ(after.retired.front().latency.count(), 3U);
  EXPECT_EQ(after.retired.front().key.name[1], 0U);
}

TEST_F(MongoCommandsTest, NamesOfRetiredSeriesMakeRoom) {
  for (int i = 0; i < 10; ++i) {
    const std::string collection = "c" + std::to_string(i);
    (void)compressed_exchange(R"({"find": ")" + collection + R"(", "$db": "mme"})", R"({"ok": 1})");
    EXPECT_EQ(counts(), (std::map<std::string, uint64_t>{{key(MME_COMMAND_find, "mme " + collection), 1}}));
    EXPECT_EQ(snapshot().names->size(), 2U);
    commands_.retire({snapshot().series[0].key});
  }
}

TEST_F(MongoCommandsTest, SlowCommandsKeepTheirNames) {
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED | MME_TOLD_SLOW, 150),
                        compressed(op_msg(R"({"find": "slow", "$db": "mme"})")), "", {});
  ASSERT_EQ(snapshot().series.size(), 1U);
  commands_.retire({snapshot().series[0].key});
  const KernelSnapshot taken = snapshot();
  ASSERT_EQ(taken.mongo_slow.size(), 1U);
  EXPECT_EQ(taken.names->at(taken.mongo_slow[0].key.name[1]), "slow");
}

TEST_F(MongoCommandsTest, WhatWasNotKeptOfSlowOnesIsNotKnown) {
  const auto found = commands_.ended(exchange(MME_COMMAND_find, MME_TOLD_SLOW, 150), "", "", {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->first_byte, std::nullopt);
  EXPECT_EQ(found->fingerprint, std::nullopt);
}

TEST_F(MongoCommandsTest, SlowOnesAreDescribed) {
  SlowConfig slow;
  slow.overrides["mme.ignored"] = std::chrono::hours(1);
  commands_.set_slow(slow);
  (void)commands_.ended(exchange(MME_COMMAND_hello, MME_TOLD_HELLO),
                        plain(R"({"hello": 1, "client": {"application": {"name": "shop"},
                                  "driver": {"name": "PyMongo", "version": "4.6"}}, "$db": "admin"})"),
                        "", {});
  auto told = exchange(MME_COMMAND_find, MME_TOLD_SLOW, 150);
  told.key.name[0] = 1;
  told.key.name[1] = 2;
  told.first_byte_ns = 120 * kMillisecond;
  told.cursor = MME_CURSOR_BATCH | MME_CURSOR_OPEN;
  told.documents = 1;
  told.cursor_id = 9;
  const std::string request = plain(R"({"find": "items", "filter": {"a": "secret"}, "$db": "mme"})");
  const auto found = commands_.ended(told, request, "", {{1, "mme"}, {2, "items"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->command, "find");
  EXPECT_EQ(found->database, "mme");
  EXPECT_EQ(found->collection, "items");
  EXPECT_EQ(found->shape, "{find: ?, filter: {a: ?}}");
  EXPECT_EQ(found->application, "shop");
  EXPECT_EQ(found->driver, "PyMongo 4.6");
  EXPECT_EQ(found->client, "127.0.0.1:5555");
  EXPECT_EQ(found->duration, std::chrono::milliseconds(150));
  EXPECT_EQ(found->first_byte, std::chrono::milliseconds(120));
  EXPECT_EQ(found->documents, 1);
  EXPECT_EQ(found->cursor_id, 9);
  EXPECT_FALSE(found->literals);

  EXPECT_FALSE(commands_.ended(told, request, "", {{1, "mme"}, {2, "ignored"}}));
  const KernelSnapshot taken = snapshot();
  ASSERT_EQ(taken.mongo_slow.size(), 1U);
  EXPECT_EQ(taken.mongo_slow[0].count, 1U);
  EXPECT_EQ(taken.mongo_handshakes, (std::map<std::string, uint64_t>{{"shop", 1}}));
}

TEST_F(MongoCommandsTest, LiteralsOnlyWhenTheyAreWanted) {
  SlowConfig slow;
  slow.literals = true;
  commands_.set_slow(slow);
  const auto found =
      commands_.ended(exchange(MME_COMMAND_find, MME_TOLD_SLOW, 150),
                      plain(R"({"find": "c", "filter": {"a": "b"}, "lsid": {"id": 1}, "$db": "d"})"), "", {});
  ASSERT_TRUE(found && found->literals);
  EXPECT_EQ(*found->literals, R"({ "find" : "c", "filter" : { "a" : "b" } })");
}

std::map<uint8_t, uint64_t> latencies_by_peer(const KernelSnapshot& taken) {
  std::map<uint8_t, uint64_t> counts;
  for (const RawSeries& series : taken.series) counts[series.key.method] += series.latency.count();
  return counts;
}

TEST_F(MongoCommandsTest, MembersAreFoundBehindCompression) {
  auto told = exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED);
  told.key.method = MME_PEER_INTERNAL;  // its hello was not compressed
  const auto send = [&](const std::string& request) {
    (void)commands_.ended(told, compressed(op_msg(request)), compressed(op_msg(R"({"ok": 0, "code": 11600})")), {});
  };
  send(R"({"find": "orders", "$db": "shop"})");
  EXPECT_EQ(commands_.application_of(told.cookie), kInternal);
  send(R"({"find": "oplog.rs", "$db": "local"})");
  send(R"({"find": "orders", "$db": "shop"})");
  const KernelSnapshot taken = snapshot();
  EXPECT_EQ(latencies_by_peer(taken),
            (std::map<uint8_t, uint64_t>{{MME_PEER_INTERNAL, 1}, {MME_PEER_CLIENT, 1}, {MME_PEER_MEMBER, 1}}));
  ASSERT_EQ(taken.mongo_errors.size(), 2U);
  EXPECT_FALSE(taken.mongo_errors[0].replication);
  EXPECT_EQ(taken.mongo_errors[0].count, 1U);
  EXPECT_TRUE(taken.mongo_errors[1].replication);
  EXPECT_EQ(taken.mongo_errors[1].count, 2U);
}

TEST_F(MongoCommandsTest, WhatIsKnownOfClosedConnectionsGoes) {
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED),
                        compressed(op_msg(R"({"replSetUpdatePosition": 1, "$db": "admin"})")),
                        compressed(op_msg(R"({"ok": 1})")), {});
  EXPECT_EQ(commands_.application_of(42), kInternal);
  commands_.forget_closed({});
  EXPECT_EQ(commands_.application_of(42), kInternal);
  commands_.forget_closed({});
  EXPECT_EQ(commands_.application_of(42), "");
}

TEST_F(MongoCommandsTest, StreamsOfMembersAreNoneOfClients) {
  constexpr uint32_t kMoreToCome = 2;
  constexpr uint32_t kExhaustAllowed = 1U << 16U;
  const std::string batch = R"({"cursor": {"nextBatch": [{}, {}], "id": {"$long": 5}}, "ok": 1})";
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED),
                        compressed(op_msg(R"({"replSetUpdatePosition": 1, "$db": "admin"})")),
                        compressed(op_msg(R"({"ok": 1})")), {});
  const std::string get_more = R"({"getMore": {"$long": 5}, "collection": "oplog.rs", "$db": "local"})";
  (void)commands_.ended(exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED),
                        compressed(op_msg(get_more, kExhaustAllowed)), compressed(op_msg(batch, kMoreToCome)), {});
  const auto streamed = exchange(MME_COMMAND_compressed, MME_TOLD_COMPRESSED | MME_TOLD_STREAMED);
  (void)commands_.ended(streamed, "", compressed(op_msg(batch, kMoreToCome)), {});
  (void)commands_.ended(streamed, "", compressed(op_msg(batch)), {});
  (void)commands_.ended(streamed, "", compressed(op_msg(batch)), {});  // nobody asked
  const KernelSnapshot taken = snapshot();
  EXPECT_EQ(taken.mongo_replication_counts[MME_COMMAND_getMore].awaited, 3U);
  EXPECT_EQ(taken.mongo_replication_counts[MME_COMMAND_getMore].documents, 6U);
  EXPECT_EQ(taken.mongo_counts[MME_COMMAND_getMore].awaited, 0U);
  EXPECT_EQ(taken.mongo_counts[MME_COMMAND_getMore].documents, 0U);
  EXPECT_EQ(taken.accounts[MME_PROTOCOL_MONGO].messages_skipped[MME_SKIP_NO_REQUEST], 1U);
}

TEST_F(MongoCommandsTest, HellosTellRoles) {
  const std::string hello =
      R"({"setName": "rs0", "isWritablePrimary": false, "secondary": true, "me": "a:1", "ok": 1})";
  (void)commands_.ended(exchange(MME_COMMAND_hello, MME_TOLD_HELLO), plain(R"({"hello": 1, "$db": "admin"})"),
                        plain(hello), {});
  EXPECT_EQ(snapshot().mongo_members,
            (std::vector<RawMongoMember>{{.target = 3, .set = "rs0", .me = "a:1", .role = "secondary"}}));
  const std::string elected =
      R"({"setName": "rs0", "isWritablePrimary": true, "secondary": false, "me": "a:1", "ok": 1})";
  (void)commands_.ended(exchange(MME_COMMAND_hello, MME_TOLD_HELLO | MME_TOLD_STREAMED), "", plain(elected), {});
  ASSERT_EQ(snapshot().mongo_members.size(), 1U);
  EXPECT_EQ(snapshot().mongo_members[0].role, "primary");
  commands_.forget_member(3);
  EXPECT_TRUE(snapshot().mongo_members.empty());
}

TEST_F(MongoCommandsTest, SlowReplicationIsNoSlowCommandOfAClient) {
  auto told = exchange(MME_COMMAND_find, MME_TOLD_SLOW, 150);
  told.key.method = MME_PEER_MEMBER;
  const auto found = commands_.ended(told, plain(R"({"find": "oplog.rs", "$db": "local"})"), "", {});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->replication);
  EXPECT_EQ(found->application, kInternal);
  EXPECT_TRUE(snapshot().mongo_slow.empty());
}

}  // namespace
}  // namespace mme

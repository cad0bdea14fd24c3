// SPDX-License-Identifier: Apache-2.0
#include "mongo/reply.h"

#include <gtest/gtest.h>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using test::Json;

std::string body(const std::string& document) {
  return std::string(4, '\0') + '\0' + test::bson(Json::parse(document));
}

Reply reply(const std::string& document) {
  const std::string bytes = body(document);
  return read_reply(bytes, bytes.size()).value_or(Reply{});
}

constexpr const char* kFound = R"({"cursor": {"firstBatch": [{"_id": 1, "ok": 0}, {"_id": 2, "code": 7}, {}],
                                              "id": {"$long": 9007199254740993}, "ns": "mme.c"}, "ok": 1.0})";

TEST(Reply, OfAFindAndAGetMore) {
  const Reply found = reply(kFound);
  EXPECT_EQ(found.ok, true);
  EXPECT_EQ(found.cursor_id, 9007199254740993);  // no double has it
  EXPECT_EQ(found.documents, 3U);
  EXPECT_EQ(found.code, std::nullopt);
  EXPECT_FALSE(found.cut);
  const Reply more = reply(R"({"cursor": {"nextBatch": [], "id": {"$long": 0}, "ns": "mme.c"}, "ok": 1})");
  EXPECT_EQ(more.documents, 0U);
  EXPECT_EQ(more.cursor_id, 0);
}

TEST(Reply, OfWrites) {
  const Reply written = reply(R"({"n": 3, "nModified": 2, "ok": 1.0})");
  EXPECT_EQ(written.n, 3);
  EXPECT_EQ(written.n_modified, 2);
  EXPECT_FALSE(written.has_write_errors);
  const Reply failed = reply(R"({"n": 0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "E11000 secret"},
                                 {"index": 1, "code": 121}], "writeConcernError": {"code": 64, "codeName":
                                 "WriteConcernFailed", "errInfo": {"code": 5}}, "ok": 1.0})");
  EXPECT_EQ(failed.ok, true);
  EXPECT_TRUE(failed.has_write_errors);
  EXPECT_EQ(failed.write_error_code, 11000);
  EXPECT_EQ(failed.write_concern_code, 64);
  EXPECT_EQ(failed.code, std::nullopt);
  EXPECT_FALSE(reply(R"({"writeErrors": [], "ok": 1.0})").has_write_errors);
}

TEST(Reply, OfAnError) {
  const Reply failed =
      reply(R"({"ok": 0.0, "errmsg": "not authorized", "code": 13, "codeName": "Unauthorized", "x": {"ok": 1}})");
  EXPECT_EQ(failed.ok, false);
  EXPECT_EQ(failed.code, 13);
  EXPECT_EQ(failed.code_name, "Unauthorized");
  EXPECT_EQ(reply(R"({"ok": -0.0})").ok, false);
  EXPECT_EQ(reply(R"({"ok": true})").ok, true);
}

TEST(Reply, OfAHello) {
  const Reply primary = reply(R"({"topologyVersion": {"counter": 6}, "hosts": ["a:1", "b:2"], "setName": "rs0",
      "setVersion": 1, "isWritablePrimary": true, "secondary": false, "primary": "a:1", "me": "a:1", "ok": 1.0})");
  EXPECT_EQ(primary.set_name, "rs0");
  EXPECT_EQ(primary.me, "a:1");
  EXPECT_EQ(primary.is_writable_primary, true);
  EXPECT_EQ(primary.is_secondary, false);
  EXPECT_EQ(primary.is_arbiter, std::nullopt);
  EXPECT_FALSE(primary.is_mongos);
  const Reply arbiter = reply(R"({"setName": "rs0", "ismaster": false, "secondary": false, "arbiterOnly": true})");
  EXPECT_EQ(arbiter.is_writable_primary, false);
  EXPECT_EQ(arbiter.is_arbiter, true);
  EXPECT_TRUE(reply(R"({"isWritablePrimary": true, "msg": "isdbgrid"})").is_mongos);
}

TEST(Reply, OfTheOldOpcode) {
  const std::string bytes = test::op_reply(1, Json::parse(R"({"ismaster": true, "ok": 1.0})")).substr(16);
  const auto whole = read_legacy_reply(bytes, bytes.size());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->is_writable_primary, true);
  EXPECT_EQ(whole->ok, true);
  EXPECT_FALSE(whole->cut);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto part = read_legacy_reply(std::string_view(bytes).substr(0, size), bytes.size());
    EXPECT_TRUE(!part || part->cut) << size;
    EXPECT_EQ(part.has_value(), size >= 20 + 4 + 10) << size;  // its first key is there
  }
}

TEST(Reply, OtherTypesAreNothing) {
  const Reply odd = reply(R"({"ok": "1", "code": 1.5, "codeName": 7, "cursor": [1], "writeErrors": {"0": {"code": 1}},
                              "n": null, "nModified": "x", "setName": 1, "ismaster": "true", "msg": 5,
                              "writeConcernError": [{"code": 1}]})");
  EXPECT_EQ(odd.ok, std::nullopt);
  EXPECT_EQ(odd.code, std::nullopt);
  EXPECT_EQ(odd.code_name, "");
  EXPECT_EQ(odd.cursor_id, std::nullopt);
  EXPECT_FALSE(odd.has_write_errors);
  EXPECT_EQ(odd.n, std::nullopt);
  EXPECT_EQ(odd.set_name, "");
  EXPECT_EQ(odd.is_writable_primary, std::nullopt);
  EXPECT_FALSE(odd.is_mongos);
  EXPECT_EQ(odd.write_concern_code, std::nullopt);
  EXPECT_EQ(reply(R"({"code": 1e300})").code, std::nullopt);
  EXPECT_EQ(reply(R"({"code": {"$long": 4294967296}})").code, std::nullopt);
  EXPECT_EQ(reply(R"({"n": 9.3e18})").n, std::nullopt);
  EXPECT_EQ(reply(R"({"n": -2.0})").n, -2);
}

TEST(Reply, TextsAreValidAndBounded) {
  const Reply odd = reply("{\"codeName\": \"" + std::string(300, 'x') + "\", \"me\": \"a\\u0000b\"}");
  EXPECT_EQ(odd.code_name, std::string(128, 'x'));
  EXPECT_EQ(odd.me,
            "a\xef\xbf\xbd"
            "b");
  std::string bytes = body(R"({"setName": "ab"})");
  bytes[bytes.find("ab")] = '\xff';
  EXPECT_EQ(read_reply(bytes, bytes.size())->set_name,
            "\xef\xbf\xbd"
            "b");
}

// As much as there is of a whole reply is the same as of the whole one.
TEST(Reply, CutAnywhere) {
  const std::string documents[] = {
      kFound, R"({"n": 1, "writeErrors": [{"index": 0, "code": 11000}], "writeConcernError": {"code": 64}, "ok": 1})",
      R"({"setName": "rs0", "isWritablePrimary": true, "secondary": false, "me": "a:1", "msg": "isdbgrid", "ok": 1})"};
  for (const std::string& document : documents) {
    const std::string bytes = body(document);
    const Reply whole = *read_reply(bytes, bytes.size());
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string copy = bytes.substr(0, size);  // its own, so that a sanitizer sees what is read behind it
      const auto part = read_reply(copy, bytes.size());
      if (!part) continue;
      EXPECT_TRUE(part->cut);
      EXPECT_TRUE(!part->ok || part->ok == whole.ok);
      EXPECT_TRUE(!part->documents || part->documents == whole.documents) << size;
      EXPECT_TRUE(!part->cursor_id || part->cursor_id == whole.cursor_id) << size;
      EXPECT_TRUE(!part->write_error_code || part->write_error_code == whole.write_error_code) << size;
      EXPECT_TRUE(!part->write_concern_code || part->write_concern_code == whole.write_concern_code) << size;
      EXPECT_TRUE(part->set_name.empty() || part->set_name == whole.set_name) << size;
      EXPECT_TRUE(!part->is_secondary || part->is_secondary == whole.is_secondary) << size;
    }
  }
}

TEST(Reply, ABatchIsCountedOnlyWhole) {
  const std::string bytes = body(kFound);
  const size_t batch_end = bytes.find("id", bytes.find("_id", bytes.find("_id") + 1) + 3) - 1;
  const auto counted = [&](size_t size) { return read_reply(bytes.substr(0, size), bytes.size())->documents; };
  EXPECT_EQ(counted(batch_end), 3U);
  EXPECT_EQ(counted(batch_end - 1), std::nullopt);
  EXPECT_EQ(counted(bytes.size() - 1), 3U);
}

TEST(Reply, LiesDoNoHarm) {
  for (const std::string& document :
       {std::string(kFound), std::string(R"({"writeErrors": [{"code": 1}], "codeName": "abc", "n": 5, "ok": 1})")}) {
    const std::string bytes = body(document);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (const char wrong : {'\x00', '\x01', '\x05', '\x7f', '\xff'}) {
        std::string lying = bytes;
        lying[at] = wrong;
        (void)read_reply(lying, lying.size());
        (void)read_legacy_reply(lying, lying.size());
      }
    }
  }
  EXPECT_FALSE(read_reply(std::string(4, '\0') + '\0' + test::bson(Json::parse("{}")), 0));
}

}  // namespace
}  // namespace mme::mongo

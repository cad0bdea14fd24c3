// SPDX-License-Identifier: Apache-2.0
#include "mongo/hello_reply.h"

#include <gtest/gtest.h>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using test::Json;

std::string body(const std::string& document) {
  return std::string(4, '\0') + '\0' + test::bson(Json::parse(document));
}

HelloReply reply(const std::string& document) {
  const std::string bytes = body(document);
  return read_hello_reply(bytes, bytes.size()).value_or(HelloReply{});
}

constexpr const char* kPrimary = R"({"topologyVersion": {"counter": 6}, "hosts": ["a:1", "b:2"], "setName": "rs0",
    "setVersion": 1, "isWritablePrimary": true, "secondary": false, "primary": "a:1", "me": "a:1", "ok": 1.0})";

TEST(HelloReply, OfMembersAndMongos) {
  const HelloReply primary = reply(kPrimary);
  EXPECT_EQ(primary.set_name, "rs0");
  EXPECT_EQ(primary.me, "a:1");
  EXPECT_EQ(primary.is_writable_primary, true);
  EXPECT_EQ(primary.is_secondary, false);
  EXPECT_EQ(primary.is_arbiter, std::nullopt);
  EXPECT_FALSE(primary.is_mongos);
  EXPECT_FALSE(primary.cut);
  const HelloReply arbiter = reply(R"({"setName": "rs0", "ismaster": false, "secondary": false, "arbiterOnly": true})");
  EXPECT_EQ(arbiter.is_writable_primary, false);
  EXPECT_EQ(arbiter.is_arbiter, true);
  EXPECT_TRUE(reply(R"({"isWritablePrimary": true, "msg": "isdbgrid"})").is_mongos);
}

TEST(HelloReply, OfTheOldOpcode) {
  const std::string bytes = test::op_reply(1, Json::parse(R"({"ismaster": true, "ok": 1.0})")).substr(16);
  const auto whole = read_legacy_hello_reply(bytes, bytes.size());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->is_writable_primary, true);
  EXPECT_FALSE(whole->cut);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto part = read_legacy_hello_reply(std::string_view(bytes).substr(0, size), bytes.size());
    EXPECT_TRUE(!part || part->cut) << size;
    EXPECT_EQ(part.has_value(), size >= 20 + 4 + 10) << size;  // its first key is there
  }
}

TEST(HelloReply, OtherTypesAreNothing) {
  const HelloReply odd = reply(R"({"setName": 1, "me": null, "ismaster": "true", "secondary": [1], "msg": 5})");
  EXPECT_EQ(odd.set_name, "");
  EXPECT_EQ(odd.me, "");
  EXPECT_EQ(odd.is_writable_primary, std::nullopt);
  EXPECT_EQ(odd.is_secondary, std::nullopt);
  EXPECT_FALSE(odd.is_mongos);
  EXPECT_EQ(reply(R"({"ismaster": -0.0})").is_writable_primary, false);
  EXPECT_EQ(reply(R"({"ismaster": 1})").is_writable_primary, true);
}

TEST(HelloReply, TextsAreValidAndBounded) {
  const HelloReply odd = reply("{\"setName\": \"" + std::string(300, 'x') + "\", \"me\": \"a\\u0000b\"}");
  EXPECT_EQ(odd.set_name, std::string(128, 'x'));
  EXPECT_EQ(odd.me,
            "a\xef\xbf\xbd"
            "b");
  std::string bytes = body(R"({"setName": "ab"})");
  bytes[bytes.find("ab")] = '\xff';
  EXPECT_EQ(read_hello_reply(bytes, bytes.size())->set_name,
            "\xef\xbf\xbd"
            "b");
}

// As much as there is of a whole reply is the same as of the whole one.
TEST(HelloReply, CutAnywhere) {
  const std::string bytes = body(kPrimary);
  const HelloReply whole = *read_hello_reply(bytes, bytes.size());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string copy = bytes.substr(0, size);  // its own, so that a sanitizer sees what is read behind it
    const auto part = read_hello_reply(copy, bytes.size());
    if (!part) continue;
    EXPECT_TRUE(part->cut);
    EXPECT_TRUE(part->set_name.empty() || part->set_name == whole.set_name) << size;
    EXPECT_TRUE(part->me.empty() || part->me == whole.me) << size;
    EXPECT_TRUE(!part->is_writable_primary || part->is_writable_primary == whole.is_writable_primary) << size;
    EXPECT_TRUE(!part->is_secondary || part->is_secondary == whole.is_secondary) << size;
  }
}

TEST(HelloReply, LiesDoNoHarm) {
  const std::string bytes = body(kPrimary);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char wrong : {'\x00', '\x01', '\x05', '\x7f', '\xff'}) {
      std::string lying = bytes;
      lying[at] = wrong;
      (void)read_hello_reply(lying, lying.size());
      (void)read_legacy_hello_reply(lying, lying.size());
    }
  }
  EXPECT_FALSE(read_hello_reply(std::string(4, '\0') + '\0' + test::bson(Json::parse("{}")), 0));
}

}  // namespace
}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "mongo/member.h"

#include <gtest/gtest.h>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using test::Json;

std::optional<RawMongoMember> member(const std::string& hello, size_t cut_off = 0) {
  WireMessage reply;
  reply.opcode = MME_OP_MSG;
  reply.body = std::string(4, '\0') + '\0' + test::bson(Json::parse(hello));
  reply.whole_bytes = reply.body.size();
  reply.body.resize(reply.body.size() - cut_off);
  return member_of(reply);
}

std::string role(const std::string& hello) {
  const auto found = member(hello);
  return found ? found->role : "none";
}

TEST(Member, OfASet) {
  EXPECT_EQ(member(R"({"setName": "rs0", "isWritablePrimary": true, "secondary": false, "me": "a:27017", "ok": 1})"),
            (RawMongoMember{.target = 0, .set = "rs0", .me = "a:27017", .role = "primary"}));
  EXPECT_EQ(role(R"({"setName": "rs0", "ismaster": true, "secondary": false, "ok": 1})"), "primary");
  EXPECT_EQ(role(R"({"setName": "rs0", "isWritablePrimary": false, "secondary": true, "ok": 1})"), "secondary");
  EXPECT_EQ(role(R"({"setName": "rs0", "isWritablePrimary": false, "secondary": false, "arbiterOnly": true, "ok": 1})"),
            "arbiter");
  EXPECT_EQ(role(R"({"setName": "rs0", "isWritablePrimary": false, "secondary": false, "ok": 1})"), "other");
}

TEST(Member, OfNone) {
  EXPECT_EQ(role(R"({"isWritablePrimary": true, "ok": 1})"), "standalone");
  EXPECT_EQ(role(R"({"isWritablePrimary": true, "msg": "isdbgrid", "ok": 1})"), "mongos");
  EXPECT_EQ(role(R"({"isWritablePrimary": false, "secondary": false, "isreplicaset": true, "ok": 1})"), "other");
}

TEST(Member, ThatDoesNotSayIsNotKnown) {
  EXPECT_EQ(role(R"({"ok": 0, "code": 11600})"), "none");
  EXPECT_EQ(role(R"({"setName": "rs0", "isWritablePrimary": "yes", "ok": 1})"), "none");
  const std::string rest = R"(, "me": "a:27017", "lastWrite": {"x": "12345678901234567890"}, "ok": 1})";
  EXPECT_EQ(member(R"({"setName": "rs0", "isWritablePrimary": true, "secondary": false)" + rest, 30)->role, "primary");
  EXPECT_EQ(member(R"({"setName": "rs0", "isWritablePrimary": false)" + rest, 30), std::nullopt);  // an arbiter?
}

TEST(Member, BytesThatAreNoReply) {
  for (const int32_t opcode : {MME_OP_MSG, MME_OP_REPLY}) {
    WireMessage reply;
    reply.opcode = opcode;
    reply.body = "abc";
    reply.whole_bytes = reply.body.size();
    EXPECT_EQ(member_of(reply), std::nullopt);
  }
}

}  // namespace
}  // namespace mme::mongo

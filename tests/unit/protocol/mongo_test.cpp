// SPDX-License-Identifier: Apache-2.0
// What is too large or too odd for the corpus: messages of 48 MB, deep nesting, lengths that lie.
#include <gtest/gtest.h>

#include <random>

#include "unit/protocol/bson.h"
#include "unit/protocol/sample_text.h"

namespace mme::test {
namespace {

struct Talk {
  HostConnection connection{MME_ROLE_MONGOD};
  uint32_t next[2] = {1000, 2000};  // of replies, of requests

  Talk() { connection.open(next[1], next[0]); }

  void send(bool is_request, std::string_view bytes, uint64_t now_ns = 1) {
    connection.segment({.is_request = is_request, .sequence = next[is_request], .bytes = bytes, .now_ns = now_ns});
    next[is_request] += static_cast<uint32_t>(bytes.size());
  }
  std::vector<std::string> samples() const { return sample_texts(connection); }
  uint64_t malformed() const { return connection.account().messages_skipped[MME_SKIP_MALFORMED]; }
};

using Texts = std::vector<std::string>;

// An insert whose document sequence fills the message up to `bytes`.
std::string insert_of(uint32_t bytes) {
  const std::string body = body_section({{"insert", "items"}, {"$db", "mme"}});
  const auto sequence = static_cast<uint32_t>(bytes - 16 - 4 - body.size() - 1);
  return u32(bytes) + u32(1) + u32(0) + u32(MME_OP_MSG) + u32(0) + body + '\1' + u32(sequence) +
         std::string(sequence - 4, '\xee');
}

TEST(Mongo, MessagesOf48MB) {
  for (const uint32_t bytes : {1000u, 48000000u}) {
    Talk talk;
    talk.send(true, insert_of(bytes));
    talk.send(false, reply(1, {{"ok", 1.0}}));
    EXPECT_EQ(talk.samples(), Texts{"insert mme.items ok"});
    ASSERT_EQ(talk.connection.samples().size(), 1u);
    EXPECT_EQ(talk.connection.samples()[0].request_bytes, bytes);
    EXPECT_EQ(talk.connection.samples()[0].response_bytes, 16 + 4 + 1 + 4 + 12 + 1u);
  }
}

TEST(Mongo, LongerOnesAreNoMessages) {
  Talk talk;
  talk.send(true, insert_of(48000001));
  EXPECT_EQ(talk.malformed(), 1u);
}

TEST(Mongo, DeepNestingIsPassedOver) {
  Json filter = {{"$db", "no"}, {"collection", "no"}};
  for (int depth = 0; depth < 200; depth++) filter = {{"a", filter}};
  Talk talk;
  talk.send(true, request(1, {{"find", "items"}, {"filter", filter}, {"$db", "mme"}}));
  talk.send(true, request(2, {{"aggregate", "items"}, {"pipeline", {filter, filter}}, {"$db", "mme"}}));
  talk.send(false, reply(2, {{"a", filter}, {"ok", 1.0}}));
  talk.send(false, reply(1, {{"ok", 0}, {"b", filter}, {"code", 7}}));
  EXPECT_EQ(talk.samples(), (Texts{"aggregate mme.items ok", "find mme.items error:7"}));
  EXPECT_EQ(talk.malformed(), 0u);
}

TEST(Mongo, EveryFormOfOk) {
  const auto outcome = [](const Json& body) {
    Talk talk;
    talk.send(true, request(1, {{"ping", 1}, {"$db", "admin"}}));
    talk.send(false, reply(1, body));
    return talk.samples().at(0);
  };
  for (const Json& ok : {Json(1.0), Json(1), Json{{"$long", 1}}, Json(true)})
    EXPECT_EQ(outcome({{"ok", ok}}), "ping admin ok") << ok;
  for (const Json& not_ok : {Json(0.0), Json(-0.0), Json(0), Json{{"$long", 0}}, Json(false)})
    EXPECT_EQ(outcome({{"ok", not_ok}, {"errmsg", "no"}, {"code", 13}}), "ping admin error:13") << not_ok;
  EXPECT_EQ(outcome({{"code", 13}, {"ok", 0.0}}), "ping admin error:13");
  EXPECT_EQ(outcome({{"ok", 0.0}}), "ping admin error:0");
  EXPECT_EQ(outcome({{"code", 13}, {"ok", 1.0}}), "ping admin ok") << "a code without an error";
}

TEST(Mongo, EveryCommandIsNamed) {
#define MME_COMMAND_NAME(name) #name,
  constexpr const char* names[] = {MME_MONGO_COMMANDS(MME_COMMAND_NAME)};
#undef MME_COMMAND_NAME
  for (uint32_t i = MME_COMMAND_find; i < MME_MONGO_COMMAND_COUNT; i++) {
    Talk talk;
    talk.send(true, request(i, {{names[i], 1}, {"$db", "d"}}));
    talk.send(false, reply(i, {{"ok", 1.0}}));
    EXPECT_EQ(talk.samples(), Texts{std::string(names[i]) + " d ok"});
  }
}

TEST(Mongo, AThousandOutstandingRequests) {
  Talk talk;
  for (uint32_t id = 1; id <= 1000; id++) talk.send(true, request(id, {{"ping", 1}, {"$db", "admin"}}), id);
  for (uint32_t id = 1000; id >= 1; id--) talk.send(false, reply(id, {{"ok", 1.0}}), 2000);
  const auto& samples = talk.connection.samples();
  ASSERT_EQ(samples.size(), 1000u);
  for (uint32_t i = 0; i < 1000; i++) EXPECT_EQ(samples[i].duration_ns, 1000 + i);
}

TEST(Mongo, WhicheverByteLiesTheNextMessageIsFoundAgain) {
  const std::string good = op_msg(
      1, 0, kChecksum,
      sequence_section("documents", {{{"a", 1}}}) +
          body_section({{"aggregate", "items"}, {"pipeline", {{{"$match", {{"a", 1}}}}}}, {"x", "y"}, {"$db", "mme"}}));
  const std::string next = request(2, {{"ping", 1}, {"$db", "admin"}});
  for (size_t at = 20; at < good.size(); at++) {  // the header and the flags are not touched
    for (const int value : {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0f, 0x12, 0x7f, 0x80, 0xf0, 0xff}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      Talk talk;
      talk.send(true, bytes);
      talk.send(true, next);
      talk.send(false, reply(2, {{"ok", 1.0}}));
      ASSERT_EQ(talk.samples(), Texts{"ping admin ok"}) << at << " " << value;
      ASSERT_LE(talk.malformed(), 1u);
    }
  }
}

TEST(Mongo, AValueLongerThanItsMessageEndsWithIt) {
  Talk talk;
  const std::string document = u32(12) + "\x01x" + '\0' + "\1\2\3";  // a double of three bytes
  talk.send(true, mongo_message(1, 0, MME_OP_MSG, u32(0) + '\0' + document));
  EXPECT_EQ(talk.malformed(), 1u);
  talk.send(true, request(2, {{"ping", 1}, {"$db", "admin"}}));
  talk.send(false, reply(2, {{"ok", 1.0}}));
  EXPECT_EQ(talk.samples(), Texts{"ping admin ok"});
}

}  // namespace
}  // namespace mme::test

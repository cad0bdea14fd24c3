// SPDX-License-Identifier: Apache-2.0
// Every hash and packed word of include/mme, made again from its text.
#include <gtest/gtest.h>

#include <cctype>
#include <string_view>

#include "mme/exchange.h"

namespace mme {
namespace {

uint64_t hash(std::string_view text) {
  uint64_t value = MME_HASH_START;
  for (const char c : text) value = mme_hash_byte(value, static_cast<uint8_t>(c));
  return value;
}

uint64_t pack(std::string_view text) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); i++) value |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  return value;
}

TEST(Hash, IsFnv1a) {  // vectors of the reference implementation
  EXPECT_EQ(hash(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(hash("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(hash("foobar"), 0x85944171f73967e8ull);
}

TEST(Hash, HttpNamesAndTokens) {
  EXPECT_EQ(hash("content-length"), MME_HASH_CONTENT_LENGTH);
  EXPECT_EQ(hash("transfer-encoding"), MME_HASH_TRANSFER_ENCODING);
  EXPECT_EQ(hash("host"), MME_HASH_HOST);
  EXPECT_EQ(hash("x-forwar"), MME_HASH_X_FORWAR);
  EXPECT_EQ(hash("connection"), MME_HASH_CONNECTION);
  EXPECT_EQ(hash("upgrade"), MME_HASH_UPGRADE);
  EXPECT_EQ(hash("accept"), MME_HASH_ACCEPT);
  EXPECT_EQ(hash("content-type"), MME_HASH_CONTENT_TYPE);
  EXPECT_EQ(hash("chunked"), MME_HASH_CHUNKED);
  EXPECT_EQ(hash("websocket"), MME_HASH_WEBSOCKET);
  EXPECT_EQ(hash("text/event-stream"), MME_HASH_EVENT_STREAM);
  EXPECT_EQ(hash("application/grpc"), MME_HASH_GRPC);
  EXPECT_EQ(hash("application/grpc-web"), MME_HASH_GRPC_WEB);
}

TEST(Hash, MongoKeys) {
  EXPECT_EQ(hash("$db"), MME_HASH_DOLLAR_DB);
  EXPECT_EQ(hash("collection"), MME_HASH_COLLECTION);
  EXPECT_EQ(hash("maxTimeMS"), MME_HASH_MAX_TIME_MS);
  EXPECT_EQ(hash("maxAwaitTimeMS"), MME_HASH_MAX_AWAIT_TIME_MS);
  EXPECT_EQ(hash("topologyVersion"), MME_HASH_TOPOLOGY_VERSION);
  EXPECT_EQ(hash("internalClient"), MME_HASH_INTERNAL_CLIENT);
  EXPECT_EQ(hash("local"), MME_HASH_LOCAL);
  EXPECT_EQ(hash("awaitData"), MME_HASH_AWAIT_DATA);
  EXPECT_EQ(hash("pipeline"), MME_HASH_PIPELINE);
  EXPECT_EQ(hash("$changeStream"), MME_HASH_CHANGE_STREAM);
  EXPECT_EQ(hash("ok"), MME_HASH_OK);
  EXPECT_EQ(hash("code"), MME_HASH_CODE);
  EXPECT_EQ(hash("cursor"), MME_HASH_CURSOR);
  EXPECT_EQ(hash("firstBatch"), MME_HASH_FIRST_BATCH);
  EXPECT_EQ(hash("nextBatch"), MME_HASH_NEXT_BATCH);
  EXPECT_EQ(hash("cursorsKilled"), MME_HASH_CURSORS_KILLED);
  EXPECT_EQ(hash("writeErrors"), MME_HASH_WRITE_ERRORS);
  EXPECT_EQ(hash("writeConcernError"), MME_HASH_WRITE_CONCERN_ERROR);
  EXPECT_EQ(hash("0"), MME_HASH_ZERO);
  EXPECT_EQ(hash("id"), MME_HASH_ID);
}

TEST(Hash, MongoCommands) {
  EXPECT_EQ(static_cast<uint32_t>(hash("find")), MME_COMMAND_HASH_FIND);
  EXPECT_EQ(static_cast<uint32_t>(hash("aggregate")), MME_COMMAND_HASH_AGGREGATE);
  EXPECT_EQ(static_cast<uint32_t>(hash("getmore")), MME_COMMAND_HASH_GETMORE);
  EXPECT_EQ(static_cast<uint32_t>(hash("hello")), MME_COMMAND_HASH_HELLO);
  EXPECT_EQ(static_cast<uint32_t>(hash("ismaster")), MME_COMMAND_HASH_ISMASTER);
}

TEST(PackedWords, Versions) {
  EXPECT_EQ(pack("HTTP/1.0"), MME_PACKED_HTTP10);
  EXPECT_EQ(pack("HTTP/1.1"), MME_PACKED_HTTP11);
  EXPECT_EQ(pack("HTTP/2.0"), MME_PACKED_HTTP20);
}

TEST(PackedWords, Methods) {
  const auto method = [](std::string_view name) {
    return mme_http1_method(pack(name.substr(0, 8)), static_cast<uint8_t>(name.size()));
  };
  EXPECT_EQ(method("GET"), MME_METHOD_GET);
  EXPECT_EQ(method("HEAD"), MME_METHOD_HEAD);
  EXPECT_EQ(method("POST"), MME_METHOD_POST);
  EXPECT_EQ(method("PUT"), MME_METHOD_PUT);
  EXPECT_EQ(method("DELETE"), MME_METHOD_DELETE);
  EXPECT_EQ(method("CONNECT"), MME_METHOD_CONNECT);
  EXPECT_EQ(method("OPTIONS"), MME_METHOD_OPTIONS);
  EXPECT_EQ(method("TRACE"), MME_METHOD_TRACE);
  EXPECT_EQ(method("PATCH"), MME_METHOD_PATCH);
  EXPECT_EQ(method("PRI"), MME_METHOD_PRI);
  for (const char* name : {"get", "GETS", "PROPFIND", "VERSION-CONTROL", "CONNECTX", "G"})
    EXPECT_EQ(method(name), MME_METHOD_EXTENSION) << name;
}

TEST(WindowSkipTo, FindsEveryByteAtEveryPlace) {
  for (unsigned needle = 0; needle < 256; needle++) {
    for (uint32_t place = 0; place < 8; place++) {
      for (uint32_t length = 0; length <= 8; length++) {
        mme_window window{};
        // neighbours of the needle are what the word trick might mistake for it
        for (uint32_t i = 0; i < 16; i++) window.bytes[i] = static_cast<uint8_t>(i % 2 ? needle + 1 : needle ^ 0x80);
        window.bytes[place] = static_cast<uint8_t>(needle);
        window.length = length;
        const int found = mme_window_skip_to(&window, static_cast<uint8_t>(needle));
        EXPECT_EQ(found, place < length);
        EXPECT_EQ(window.position, place < length ? place + 1 : length);
      }
    }
  }
}

}  // namespace
}  // namespace mme

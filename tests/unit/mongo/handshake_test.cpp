// SPDX-License-Identifier: Apache-2.0
#include "mongo/handshake.h"

#include <gtest/gtest.h>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using test::Json;

constexpr const char* kClient = R"({
    "application": {"name": "shop"}, "driver": {"name": "nodejs|Mongoose", "version": "6.12.0|8.9.5"},
    "platform": "Node.js v20.18.1, LE", "os": {"type": "Linux", "name": "linux", "version": "6.1"},
    "env": {"container": {"runtime": "docker"}}})";

std::string hello(const std::string& client = kClient, const std::string& name = "hello") {
  return "{\"" + name + R"(": 1, "helloOk": true, "client": )" + client + R"(, "compression": ["zstd"]})";
}

std::string body(const std::string& document) {
  return std::string(4, '\0') + '\0' + test::bson(Json::parse(document));
}

std::optional<ClientMetadata> metadata(const std::string& document) {
  const std::string bytes = body(document);  // the command is views of it
  return client_metadata(read_command(bytes, bytes.size()).value_or(WireCommand{}));
}

void expect_shop(const std::optional<ClientMetadata>& client) {
  ASSERT_TRUE(client);
  EXPECT_EQ(client->application, "shop");
  EXPECT_EQ(client->driver, "nodejs|Mongoose");
  EXPECT_EQ(client->driver_version, "6.12.0|8.9.5");
  EXPECT_EQ(client->platform, "Node.js v20.18.1, LE");
  EXPECT_EQ(client->os, "Linux");
}

TEST(Handshake, OfEachName) {
  for (const std::string name : {"hello", "isMaster", "ismaster"}) expect_shop(metadata(hello(kClient, name)));
  EXPECT_FALSE(metadata(hello(kClient, "find")));
  EXPECT_FALSE(metadata(hello(kClient, "helloo")));
  EXPECT_FALSE(metadata(R"({"hello": 1})"));
  EXPECT_FALSE(metadata(R"({"hello": 1, "client": "shop"})"));
}

TEST(Handshake, WhatIsNotSaidIsEmpty) {
  const auto client = metadata(R"({"hello": 1, "client": {"driver": {"name": "x"}, "application": "shop", "os": 5}})");
  ASSERT_TRUE(client);
  EXPECT_EQ(client->driver, "x");
  EXPECT_EQ(client->driver_version + client->application + client->platform + client->os, "");
}

TEST(Handshake, TextsAreValidAndBounded) {
  const auto client = metadata(R"({"hello": 1, "client": {"application": {"name": ")" + std::string(127, 'a') +
                               "\xc3\xa4" + R"("}, "platform": "a\u0000b"}})");
  ASSERT_TRUE(client);
  EXPECT_EQ(client->application, std::string(127, 'a'));  // not half a character
  EXPECT_EQ(client->platform,
            "a\xef\xbf\xbd"
            "b");
  std::string bytes = body(hello());
  bytes[bytes.find("shop")] = '\xff';
  EXPECT_EQ(client_metadata(*read_command(bytes, bytes.size()))->application,
            "\xef\xbf\xbd"
            "hop");
}

std::string query(const std::string& document, const std::string& collection = "admin.$cmd") {
  return test::op_query(1, collection, Json::parse(document)).substr(16);
}

TEST(Handshake, OfAQuery) {
  for (const std::string& document :
       {hello(kClient, "isMaster"), "{\"$query\": " + hello() + ", \"$readPreference\": 1}"}) {
    const std::string bytes = query(document);
    const auto command = read_query(bytes, bytes.size());
    ASSERT_TRUE(command);
    EXPECT_FALSE(command->cut);
    expect_shop(client_metadata(*command));
  }
  for (const std::string collection : {"shop.orders", "$cmd", "", "admin.$cmd.sys"}) {
    const std::string bytes = query(hello(), collection);
    EXPECT_FALSE(read_query(bytes, bytes.size())) << collection;
  }
}

TEST(Handshake, WhateverIsCutOffOrLiesIsNotRead) {
  const std::string bytes[] = {body(hello()), query(hello()), query("{\"$query\": " + hello() + "}")};
  for (const std::string& whole : bytes) {
    const auto read = &whole == &bytes[0] ? &read_command : &read_query;
    for (size_t size = 0; size < whole.size(); ++size) {
      const std::string copy = whole.substr(0, size);  // its own, so that a sanitizer sees what is read behind it
      const auto part = read(copy, whole.size());
      EXPECT_TRUE(!part || part->cut) << size;
      const auto client = part ? client_metadata(*part) : std::nullopt;
      if (client) {
        EXPECT_TRUE(client->application.empty() || client->application == "shop");
        EXPECT_TRUE(client->os.empty() || client->os == "Linux");
      }
      for (const char wrong : {'\x00', '\x05', '\x7f', '\xff'}) {
        std::string lying = whole;
        lying[size] = wrong;
        const auto command = read(lying, lying.size());
        if (!command) continue;
        (void)client_metadata(*command);
      }
    }
  }
}

}  // namespace
}  // namespace mme::mongo

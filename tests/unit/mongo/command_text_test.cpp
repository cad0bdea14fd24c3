// SPDX-License-Identifier: Apache-2.0
#include "mongo/command_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using Json = nlohmann::ordered_json;

std::string document_section(const Json& document) {
  return std::string(4, '\0') + '\0' + test::bson(document);
}

std::string sequence_section(const std::string& name, const std::string& documents) {
  const auto length = static_cast<uint32_t>(4 + name.size() + 1 + documents.size());
  return '\1' + std::string(reinterpret_cast<const char*>(&length), sizeof length) + name + '\0' + documents;
}

std::optional<std::string> text_of(const std::string& body, size_t missing = 0) {
  const auto command = read_command(body, body.size() + missing);
  return command ? command_text(*command) : std::nullopt;
}

TEST(CommandText, WhatTheApplicationAskedWith) {
  const auto text = text_of(document_section({{"find", "items"},
                                              {"filter", {{"name", "secret"}}},
                                              {"lsid", {{"id", 1}}},
                                              {"$db", "shop"},
                                              {"$readPreference", {{"mode", "primary"}}}}));
  ASSERT_TRUE(text);
  EXPECT_EQ(Json::parse(*text), Json({{"find", "items"}, {"filter", {{"name", "secret"}}}}));
}

TEST(CommandText, SequencesAsFarAsTheyAreThere) {
  const std::string documents = test::bson({{"_id", 1}}) + test::bson({{"_id", 2}});
  const std::string body = document_section({{"insert", "items"}}) + sequence_section("documents", documents);
  const auto text = text_of(body);
  ASSERT_TRUE(text);
  EXPECT_EQ(Json::parse(*text)["documents"], Json::parse(R"([{"_id": 1}, {"_id": 2}])"));
  const auto cut = text_of(body.substr(0, body.size() - 1), 1);
  ASSERT_TRUE(cut);
  EXPECT_EQ(Json::parse(*cut)["documents"], Json::parse(R"([{"_id": 1}])"));
}

TEST(CommandText, NoCredentials) {
  for (const char* name : {"createUser", "CREATEUSER", "updateUser", "saslStart", "saslContinue", "authenticate"})
    EXPECT_FALSE(text_of(document_section({{name, "user"}, {"pwd", "secret"}}))) << name;
  const auto hello = text_of(document_section({{"hello", 1}, {"speculativeAuthenticate", {{"payload", "secret"}}}}));
  ASSERT_TRUE(hello);
  EXPECT_EQ(Json::parse(*hello), Json({{"hello", 1}}));
}

TEST(CommandText, NothingOfWhatWasCut) {
  const std::string body = document_section({{"find", "items"}, {"filter", {{"name", "secret"}}}});
  EXPECT_FALSE(text_of(body.substr(0, body.size() - 4), 4));
}

}  // namespace
}  // namespace mme::mongo

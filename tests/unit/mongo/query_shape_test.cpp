// SPDX-License-Identifier: Apache-2.0
#include "mongo/query_shape.h"

#include <gtest/gtest.h>

#include "../protocol/bson.h"

namespace mme::mongo {
namespace {

using test::Json;

std::string body(const std::string& document) {
  return std::string(4, '\0') + '\0' + test::bson(Json::parse(document));
}

std::string with_sequence(const std::string& document, const std::string& name, const std::string& documents) {
  std::string rows;
  for (const Json& one : Json::parse(documents)) rows += test::bson(one);
  const std::string content = name + '\0' + rows;
  return body(document) + '\1' + test::u32(static_cast<uint32_t>(content.size() + 4)) + content;
}

QueryShape shape(const std::string& bytes, size_t whole_bytes = 0) {
  const auto command = read_command(bytes, whole_bytes);
  return command ? query_shape(*command) : QueryShape{};
}

std::string text(const std::string& document) {
  return shape(body(document)).text;
}

TEST(QueryShape, OfEachCommand) {
  EXPECT_EQ(text(R"({"find": "c", "filter": {"t": "secret", "n": {"$gt": 5}}, "sort": {"at": -1, "b": 1}, "limit": 20,
                     "projection": {"a": 1, "b": 0, "c": "x"}, "lsid": {"id": 1}, "$db": "mme", "comment": "secret"})"),
            "{find: ?, filter: {t: ?, n: {$gt: ?}}, sort: {at: -1, b: 1}, limit: ?, projection: {a: 1, b: 0, c: ?}}");
  EXPECT_EQ(text(R"({"count": "c", "query": {"a": null}})"), "{count: ?, query: {a: ?}}");
  EXPECT_EQ(text(R"({"distinct": "c", "key": "tags.name", "query": {}})"),
            R"({distinct: ?, key: "tags.name", query: {}})");
  EXPECT_EQ(text(R"({"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": "secret"}}, "new": true})"),
            "{findAndModify: ?, query: {_id: ?}, update: {$set: {a: ?}}, new: true}");
  EXPECT_EQ(text(R"({"getMore": {"$long": 77}, "collection": "c"})"), "{getMore: ?}");
  EXPECT_EQ(text(R"({"createUser": "bob", "pwd": "secret"})"), "{createUser: ?}");
  EXPECT_EQ(text(R"({"insert": "c", "documents": [{"secret": 1}]})"), "{insert: ?}");
}

TEST(QueryShape, OperatorsOfAFilter) {
  const auto filter = [](const std::string& of) { return text(R"({"find": "c", "filter": )" + of + "}").substr(18); };
  EXPECT_EQ(filter(R"({"$or": [{"a": 1}, {"a": 2}, {"b": {"$in": [1, 2]}}]})"), "{$or: [{a: ?}, {b: {$in: [?]}}]}}");
  EXPECT_EQ(filter(R"({"a": {"$elemMatch": {"b": 1, "c": {"$ne": 2}}}})"), "{a: {$elemMatch: {b: ?, c: {$ne: ?}}}}}");
  EXPECT_EQ(filter(R"({"a": {"$not": {"$regex": "secret"}}})"), "{a: {$not: {$regex: ?}}}}");
  EXPECT_EQ(filter(R"({"a": {"secret": 1}})"), "{a: ?}}");
  EXPECT_EQ(filter(R"({"$text": {"$search": "secret"}})"), "{$text: ?}}");
  EXPECT_EQ(filter(R"({"$expr": {"$gt": ["$a", "$b"]}})"), "{$expr: {$gt: [?]}}}");
  EXPECT_EQ(filter(R"({"a\"b:": 1, "": 2})"), R"({"a\"b:": ?, "": ?}})");
}

TEST(QueryShape, OfAPipeline) {
  EXPECT_EQ(text(R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$match": {"t": "secret"}},
                     {"$lookup": {"from": "users", "localField": "u", "pipeline": [{"$match": {"x": 1}}], "as": "u"}},
                     {"$group": {"_id": "$a", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}, {"$limit": 5}]})"),
            "{aggregate: ?, pipeline: [{$match: {t: ?}}, {$lookup: {from: \"users\", localField: ?, pipeline: "
            "[{$match: {x: ?}}], as: ?}}, {$group: {_id: ?, n: {$sum: ?}}}, {$sort: {n: -1}}, {$limit: ?}]}");
}

TEST(QueryShape, OfUpdatesInBothPlaces) {
  const std::string expected = "{update: ?, updates: [{q: {a: ?}, u: {$inc: {n: ?}}, multi: true}, {q: {}, u: ?}]}";
  const std::string updates = R"([{"q": {"a": 1}, "u": {"$inc": {"n": 1}}, "multi": true},
                                  {"q": {"a": 2}, "u": {"$inc": {"n": 9}}, "multi": true},
                                  {"q": {}, "u": {"secret": "secret"}}])";
  EXPECT_EQ(text(R"({"update": "c", "ordered": true, "updates": )" + updates + "}"), expected);
  const QueryShape apart = shape(with_sequence(R"({"update": "c", "$db": "mme"})", "updates", updates));
  EXPECT_EQ(apart.text, expected);
  EXPECT_TRUE(apart.complete);
  EXPECT_EQ(text(R"({"update": "c", "updates": [{"q": {}, "u": [{"$set": {"a": "$b"}}]}]})"),
            "{update: ?, updates: [{q: {}, u: [{$set: {a: ?}}]}]}");
  EXPECT_EQ(text(R"({"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0}]})"),
            "{delete: ?, deletes: [{q: {a: ?}, limit: ?}]}");
}

TEST(QueryShape, TheHashIsOfTheShape) {
  const auto hash = [](const std::string& document) { return shape(body(document)).hash; };
  EXPECT_EQ(hash(R"({"find": "c", "filter": {"a": {"$in": [1]}}})"),
            hash(R"({"find": "d", "filter": {"a": {"$in": ["x", "y"]}}})"));
  EXPECT_NE(hash(R"({"find": "c", "filter": {"a": 1}})"), hash(R"({"find": "c", "filter": {"b": 1}})"));
  EXPECT_EQ(hash(R"({"find": "c"})"), 12744659759111496007ULL);  // as every version had it
}

TEST(QueryShape, WhateverIsCutOffOrLiesIsNotRead) {
  const std::string whole = with_sequence(R"({"update": "c", "$db": "mme", "comment": {"a": [1, {"b": 2}]}})",
                                          "updates", R"([{"q": {"a": {"$in": [1, 2]}}, "u": {"$set": {"b": "x"}}}])");
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const QueryShape read = shape(part, whole.size());
    EXPECT_TRUE(read.text.empty() || !read.complete) << size;
    for (const char wrong : {'\x00', '\x7f', '\xff'}) {
      std::string lying = whole;
      lying[size] = wrong;
      (void)shape(lying);
    }
  }
  EXPECT_TRUE(shape(whole).complete);
}

TEST(QueryShape, DepthAndLengthAreBounded) {
  std::string deep = R"({"a": 1})";
  for (int i = 0; i < 200; ++i) deep = R"({"$and": [)" + deep + "]}";
  EXPECT_LT(text(R"({"find": "c", "filter": )" + deep + "}").size(), 400U);
  std::string wide = "{";
  for (int i = 0; i < 5000; ++i) wide += (i == 0 ? "\"" : ", \"") + std::to_string(i) + "\": 1";
  EXPECT_LT(text(R"({"find": "c", "filter": )" + wide + "}}").size(), 5000U);
}

}  // namespace
}  // namespace mme::mongo

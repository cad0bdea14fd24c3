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
  EXPECT_EQ(text(R"({"findAndModify": "c", "query": {}, "remove": true, "fields": {"a": 0}})"),
            "{findAndModify: ?, query: {}, remove: true, fields: {a: 0}}");
  EXPECT_EQ(text(R"({"getMore": {"$long": 77}, "collection": "c", "batchSize": 5})"),
            R"({getMore: ?, collection: "c"})");
  EXPECT_EQ(
      text(R"({"bulkWrite": 1, "nsInfo": [{"ns": "mme.c"}], "ops": [{"insert": 0, "document": {"secret": 1}},
                     {"update": 0, "filter": {"a": 1}, "updateMods": {"$set": {"b": 1}}, "multi": false}]})"),
      "{bulkWrite: ?, ops: [{insert: ?}, {update: ?, filter: {a: ?}, updateMods: {$set: {b: ?}}, multi: false}]}");
  EXPECT_EQ(text(R"({"createUser": "bob", "pwd": "secret"})"), "{createUser: ?}");
  EXPECT_EQ(text(R"({"insert": "c", "documents": [{"secret": 1}]})"), "{insert: ?}");
  EXPECT_EQ(text(R"({"secret": "c", "filter": {"a": 1}})"), "{?: ?}");
}

TEST(QueryShape, OfAnExplainedCommand) {
  EXPECT_EQ(text(R"({"explain": {"find": "c", "filter": {"a": "secret"}, "sort": {"b": -1}}, "verbosity": "secret"})"),
            "{explain: {find: ?, filter: {a: ?}, sort: {b: -1}}}");
  EXPECT_EQ(text(R"({"explain": {"update": "c", "updates": [{"q": {"a": 1}, "u": {"secret": 1}}]}})"),
            "{explain: {update: ?, updates: [{q: {a: ?}, u: ?}]}}");
  EXPECT_EQ(text(R"({"explain": {"secret": 1, "filter": {"a": 1}}})"), "{explain: {?: ?}}");
  EXPECT_EQ(text(R"({"explain": {"explain": {"find": "c"}}})"), "{explain: ?}");
  EXPECT_EQ(text(R"({"explain": "secret"})"), "{explain: ?}");
}

TEST(QueryShape, OperatorsOfAFilter) {
  const auto filter = [](const std::string& of) { return text(R"({"find": "c", "filter": )" + of + "}").substr(18); };
  EXPECT_EQ(filter(R"({"$or": [{"a": 1}, {"a": 2}, {"b": {"$in": [1, 2]}}]})"), "{$or: [{a: ?}, {b: {$in: [?]}}]}}");
  EXPECT_EQ(filter(R"({"a": {"$elemMatch": {"b": 1, "c": {"$ne": 2}}}})"), "{a: {$elemMatch: {b: ?, c: {$ne: ?}}}}}");
  EXPECT_EQ(filter(R"({"a": {"$not": {"$regex": "secret"}}})"), "{a: {$not: {$regex: ?}}}}");
  EXPECT_EQ(filter(R"({"a": {"secret": 1}})"), "{a: ?}}");
  EXPECT_EQ(filter(R"({"$text": {"$search": "secret"}})"), "{$text: ?}}");
  EXPECT_EQ(filter(R"({"$expr": {"$gt": ["$a", "$b"]}})"), "{$expr: {$gt: [?]}}}");
  EXPECT_EQ(filter(R"({"a": [{"$gt": 1}, {"secret": 1}]})"), "{a: [?]}}");
  EXPECT_EQ(filter(R"({"a": {"$gt": 1, "secret": 2, "$secret": {"$gt": 1}}})"), "{a: {$gt: ?, ?: ?, ?: ?}}}");
  EXPECT_EQ(filter(R"({"a": {"$all": ["x", {"secret": 1}]}, "b": {"$all": [{"$elemMatch": {"c": 1}}]}})"),
            "{a: {$all: [?]}, b: {$all: [{$elemMatch: {c: ?}}]}}}");
  EXPECT_EQ(filter(R"({"a": {"$elemMatch": {"$not": {"$in": [1]}, "$gt": {"secret": 1}}}})"),
            "{a: {$elemMatch: {$not: {$in: [?]}, $gt: ?}}}}");
  EXPECT_EQ(filter(R"({"a\"b:": 1, "": 2, "?": 3})"), R"({"a\"b:": ?, "": ?, "?": ?}})");
}

TEST(QueryShape, OfAPipeline) {
  EXPECT_EQ(text(R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$match": {"t": "secret"}},
                     {"$lookup": {"from": "users", "localField": "u", "pipeline": [{"$match": {"x": 1}}], "as": "u"}},
                     {"$group": {"_id": "$a", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}, {"$limit": 5}]})"),
            "{aggregate: ?, pipeline: [{$match: {t: ?}}, {$lookup: {from: \"users\", localField: ?, pipeline: "
            "[{$match: {x: ?}}], as: ?}}, {$group: {_id: ?, n: {$sum: ?}}}, {$sort: {n: -1}}, {$limit: ?}]}");
}

TEST(QueryShape, OfEachStage) {
  const auto stage = [](const std::string& of) {
    const std::string all = text(R"({"aggregate": "c", "pipeline": [)" + of + "]}");
    return all.substr(26, all.size() - 28);
  };
  EXPECT_EQ(stage(R"({"$facet": {"f": [{"$match": {"a": {"secret": 1}}}], "g": [{"$count": "n"}]}})"),
            "{$facet: {f: [{$match: {a: ?}}], g: [{$count: ?}]}}");
  EXPECT_EQ(stage(R"({"$geoNear": {"near": [1, 2], "query": {"a": {"secret": 1}}, "secret": 1}})"),
            "{$geoNear: {near: ?, query: {a: ?}, ?: ?}}");
  EXPECT_EQ(stage(R"({"$graphLookup": {"from": "c", "startWith": "$a", "restrictSearchWithMatch": {"b": {"s": 1}}}})"),
            R"({$graphLookup: {from: "c", startWith: ?, restrictSearchWithMatch: {b: ?}}})");
  EXPECT_EQ(
      stage(R"({"$lookup": {"from": {"db": "d", "coll": "c"}, "let": {"secret": "$a"}, "pipeline": [], "as": "x"}})"),
      R"({$lookup: {from: {db: "d", coll: "c"}, let: {?: ?}, pipeline: [?], as: ?}})");
  EXPECT_EQ(stage(R"({"$unionWith": "c"})"), R"({$unionWith: "c"})");
  EXPECT_EQ(stage(R"({"$unionWith": {"coll": "c", "pipeline": [{"$match": {"a": 1}}]}})"),
            R"({$unionWith: {coll: "c", pipeline: [{$match: {a: ?}}]}})");
  EXPECT_EQ(stage(R"({"$out": "c"})"), R"({$out: "c"})");
  EXPECT_EQ(stage(R"({"$merge": {"into": "c", "on": "_id", "whenMatched": [{"$set": {"a": {"secret": 1}}}]}})"),
            R"({$merge: {into: "c", on: ?, whenMatched: [{$set: {a: ?}}]}})");
  EXPECT_EQ(
      stage(R"({"$group": {"_id": {"secret": "$a"}, "n": {"$sum": {"$cond": {"if": "$b", "then": 1, "else": 0}}}}})"),
      "{$group: {_id: {?: ?}, n: {$sum: {$cond: {if: ?, then: ?, else: ?}}}}}");
  EXPECT_EQ(
      stage(R"({"$bucket": {"groupBy": "$a", "boundaries": [0, 1], "default": "s", "output": {"n": {"$sum": 1}}}})"),
      "{$bucket: {groupBy: ?, boundaries: [?], default: ?, output: {n: {$sum: ?}}}}");
  EXPECT_EQ(stage(R"({"$setWindowFields": {"partitionBy": "$a", "sortBy": {"b": -1},
                      "output": {"c": {"$sum": "$d", "window": {"documents": [-1, 1]}}}}})"),
            "{$setWindowFields: {partitionBy: ?, sortBy: {b: -1}, output: {c: {$sum: ?, window: ?}}}}");
  EXPECT_EQ(stage(R"({"$densify": {"field": "a", "range": {"step": 1, "bounds": [0, 1]}}})"),
            "{$densify: {field: ?, range: ?}}");
  EXPECT_EQ(stage(R"({"$fill": {"sortBy": {"a": 1}, "output": {"b": {"value": 1}, "c": {"method": "linear"}}}})"),
            "{$fill: {sortBy: {a: 1}, output: {b: ?, c: ?}}}");
  EXPECT_EQ(stage(R"({"$search": {"text": {"query": "secret", "path": "secret"}}})"), "{$search: ?}");
  EXPECT_EQ(stage(R"({"$documents": [{"secret": 1}]})"), "{$documents: ?}");
  EXPECT_EQ(stage(R"({"$secret": {"secret": 1}})"), "{?: ?}");
  EXPECT_EQ(stage(R"({"secret": 1}, 1)"), "?");
}

TEST(QueryShape, OfExpressions) {
  const auto expression = [](const std::string& of) {
    const std::string all = text(R"({"aggregate": "c", "pipeline": [{"$set": {"a": )" + of + "}}]}");
    return all.substr(37, all.size() - 41);
  };
  EXPECT_EQ(expression(R"({"$eq": ["$n", 1]})"), "{$eq: [?]}");
  EXPECT_EQ(expression(R"({"$eq": ["$n", {"$add": ["$m", true]}]})"), "{$eq: [?, {$add: [?]}]}");
  EXPECT_EQ(expression(R"({"$switch": {"branches": [{"case": {"$gt": ["$a", 1]}, "then": 1},
                           {"case": {"$gt": ["$a", 2]}, "then": "$b"}, {"case": "$c", "then": 0}], "default": "s"}})"),
            "{$switch: {branches: [{case: {$gt: [?]}, then: ?}, {case: ?, then: ?}], default: ?}}");
  EXPECT_EQ(expression(R"({"$let": {"vars": {"secret": {"$add": ["$a", 1]}}, "in": "$$secret"}})"),
            "{$let: {vars: {?: {$add: [?]}}, in: ?}}");
  EXPECT_EQ(expression(R"({"$map": {"input": "$a", "as": "secret", "in": {"secret": "$$secret", "other": 1}}})"),
            "{$map: {input: ?, as: ?, in: {?: ?}}}");
  EXPECT_EQ(expression(R"({"$function": {"body": "secret", "args": ["$a", "secret"], "lang": "js"}})"),
            "{$function: {body: ?, args: [?], lang: ?}}");
  EXPECT_EQ(expression(R"({"$sortArray": {"input": "$a", "sortBy": {"b": -1}}})"),
            "{$sortArray: {input: ?, sortBy: {b: -1}}}");
  EXPECT_EQ(expression(R"({"$mergeObjects": ["$a", {"secret": 1}, {"secret": "$b"}]})"),
            "{$mergeObjects: [?, {?: ?}]}");
  EXPECT_EQ(expression(R"({"$mergeObjects": {"input": 1, "secret": "$a"}})"), "{$mergeObjects: {?: ?}}");
  EXPECT_EQ(expression(R"({"$literal": [{"secret": 1}]})"), "{$literal: ?}");
  EXPECT_EQ(expression(R"({"$const": {"secret": 1}})"), "{$const: ?}");
  EXPECT_EQ(expression(R"({"$secret": [{"$add": [1]}]})"), "{?: ?}");
  EXPECT_EQ(expression(R"({"secret": 1, "b": [1, {"c": {"d": []}}]})"), "?");
  EXPECT_EQ(expression(R"([[1], {"secret": 1}])"), "[?]");
}

TEST(QueryShape, WhatAProjectionTakes) {
  const auto both = [](const std::string& of) {
    const std::string found = text(R"({"find": "c", "projection": )" + of + "}");
    const std::string stage = text(R"({"aggregate": "c", "pipeline": [{"$project": )" + of + "}]}");
    EXPECT_EQ(found.substr(22, found.size() - 23), stage.substr(37, stage.size() - 40));
    return found.substr(22, found.size() - 23);
  };
  EXPECT_EQ(both(R"({"a": 1, "b": true, "c": 2, "d.$": 1.0, "e": {"$long": 1}})"), "{a: 1, b: 1, c: 1, d.$: 1, e: 1}");
  EXPECT_EQ(both(R"({"a": 0, "b": false})"), "{a: 0, b: 0}");
  EXPECT_EQ(both(R"({"a": {"$eq": ["$n", 1]}, "b": {"$literal": true}, "c": "x"})"),
            "{a: {$eq: [?]}, b: {$literal: ?}, c: ?}");
  EXPECT_EQ(both(R"({"a": {"secret": 1}, "b": [1, true], "c": {"$cond": [true, 1, 0]}})"),
            "{a: ?, b: [?], c: {$cond: [?]}}");
  EXPECT_EQ(both(R"({"a": {"$elemMatch": {"b": {"secret": 1}}}, "c": {"$slice": 1}, "d": {"$meta": "textScore"}})"),
            "{a: {$elemMatch: {b: ?}}, c: {$slice: ?}, d: {$meta: ?}}");
}

// Wherever a client may put data: V stands for what its type may be, KEY for a name that is data too.
const char* const kPlanted[] = {
    R"({"find": "c", "filter": {"a": V}, "comment": V, "let": {"KEY": V}, "collation": {"KEY": V}, "min": {"KEY": V}})",
    R"({"find": "c", "filter": {"a": {"$eq": V, "$nin": [V]}, "$comment": V, "$where": V, "$text": {"$search": V}}})",
    R"({"find": "c", "filter": {"a": {"KEY": V}, "$jsonSchema": {"KEY": V}, "$KEY": V}})",
    R"({"find": "c", "filter": {"a": {"$not": {"KEY": V}}, "b": {"$all": [{"KEY": V}]}, "c": [{"KEY": V}]}})",
    R"({"find": "c", "filter": {"a": {"$near": {"$geometry": {"KEY": V}}}, "$expr": {"$eq": ["$a", {"KEY": V}]}}})",
    R"({"find": "c", "projection": {"a": {"$eq": ["$n", V]}, "b": {"KEY": V}, "c": {"$cond": {"if": V, "KEY": V}}}})",
    R"({"find": "c", "sort": {"a": {"$meta": V}, "b": {"KEY": V}}, "limit": V, "skip": V, "KEY": V})",
    R"({"count": "c", "query": {"a": V}, "limit": V, "maxTimeMS": V})",
    R"({"distinct": "c", "key": "a", "query": {"a": {"KEY": V}}})",
    R"({"aggregate": "c", "let": {"KEY": V}, "pipeline": [{"$match": {"a": {"KEY": V}}}, {"$KEY": V}, {"KEY": V}, V]})",
    R"({"aggregate": "c", "pipeline": [{"$facet": {"f": [{"$match": {"a": {"KEY": V}}}]}}, {"$documents": [{"KEY": V}]}]})",
    R"({"aggregate": "c", "pipeline": [{"$set": {"a": {"KEY": V}, "b": V, "c": {"$literal": V}, "d": {"$const": [V]}}}]})",
    R"({"aggregate": "c", "pipeline": [{"$group": {"_id": V, "n": {"$push": {"KEY": V}}, "m": {"$KEY": V}}}]})",
    R"({"aggregate": "c", "pipeline": [{"$set": {"a": {"$switch": {"branches": [{"case": V, "then": V, "KEY": V}],
        "default": V}}, "b": {"$setField": {"field": V, "input": {"KEY": V}, "value": V}}}}]})",
    R"({"aggregate": "c", "pipeline": [{"$bucket": {"groupBy": V, "boundaries": [V], "default": V}}, {"$limit": V}]})",
    R"({"aggregate": "c", "pipeline": [{"$geoNear": {"near": V, "query": {"a": {"KEY": V}}, "KEY": V}}, {"$search": V}]})",
    R"({"aggregate": "c", "pipeline": [{"$densify": {"range": {"KEY": V}}}, {"$fill": {"output": {"a": {"value": V}}}}]})",
    R"({"aggregate": "c", "pipeline": [{"$graphLookup": {"restrictSearchWithMatch": {"a": {"KEY": V}}, "maxDepth": V}}]})",
    R"({"aggregate": "c", "pipeline": [{"$lookup": {"let": {"KEY": V}, "pipeline": [{"$match": {"a": {"KEY": V}}}]}}]})",
    R"({"aggregate": "c", "pipeline": [{"$merge": {"let": {"KEY": V}, "whenMatched": [{"$set": {"a": {"KEY": V}}}]}}]})",
    R"({"aggregate": "c", "pipeline": [{"$set": {"a": {"$accumulator": {"init": V, "KEY": V}}}}, {"$replaceWith": V}]})",
    R"({"update": "c", "updates": [{"q": {"a": V}, "u": {"$set": {"a": V, "b": {"KEY": V}}, "$KEY": {"KEY": V}}}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"KEY": V}, "c": {"KEY": V}, "collation": {"KEY": V}}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": [{"$set": {"a": {"KEY": V}}}, {"$replaceWith": {"KEY": V}}]}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"$push": {"a": {"$each": [V, {"KEY": V}], "$sort": {"KEY": V}}}},
        "arrayFilters": [{"x": V, "y": {"KEY": V}}]}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"$setOnInsert": {"a": {"KEY": V}}, "$pull": {"b": {"KEY": V}}}}]})",
    R"({"delete": "c", "deletes": [{"q": {"a": {"KEY": V}}, "limit": V, "KEY": V, "comment": V}]})",
    R"({"findAndModify": "c", "query": {"a": V}, "update": {"KEY": V}, "arrayFilters": [{"x": {"KEY": V}}]})",
    R"({"bulkWrite": 1, "ops": [{"insert": 0, "document": {"KEY": V}}, {"update": 0, "updateMods": {"KEY": V}}]})",
    R"({"explain": {"find": "c", "filter": {"a": {"KEY": V}}}, "KEY": V})",
    R"({"insert": "c", "documents": [{"KEY": V}]})",
    R"({"mapReduce": "c", "map": V, "reduce": V, "query": {"KEY": V}, "scope": {"KEY": V}})",
    R"({"createIndexes": "c", "indexes": [{"key": {"KEY": V}, "partialFilterExpression": {"KEY": V}}]})",
    R"({"create": "c", "validator": {"KEY": V}, "pipeline": [{"$match": {"KEY": V}}]})",
    R"({"collMod": "c", "validator": {"KEY": V}})",
    R"({"createUser": "KEY", "pwd": V, "customData": {"KEY": V}})",
    R"({"saslStart": 1, "payload": V})",
    R"({"KEY": V, "filter": {"a": V}})",
};

std::string with(std::string document, const std::string& key, const std::string& value) {
  for (const auto& [from, to] : {std::pair("KEY", key), std::pair("V", value)}) {
    for (size_t at = 0; (at = document.find(from, at)) != std::string::npos; at += to.size())
      document.replace(at, std::string_view(from).size(), to);
  }
  return document;
}

TEST(QueryShape, WhateverIsPlantedIsNotSeenAndChangesNothing) {
  for (const char* const document : kPlanted) {
    const QueryShape one = shape(body(with(document, "planted", R"("planted")")));
    EXPECT_NE(one.text, "") << document;
    for (const char* const value : {"0", "1", "-1", "true", "false", "2", "null", "1.5", R"({"$long": 1})",
                                    R"({"$oid": "706c616e746564706c616e74"})", R"({"$regex": ["planted", "i"]})",
                                    R"({"planted": 1})", R"({"planted": {"deep": [{"planted": 0}]}, "more": true})"}) {
      const QueryShape other = shape(body(with(document, "PLANTED other", value)));
      EXPECT_EQ(other.text, one.text) << document << " with " << value;
      EXPECT_EQ(other.hash, one.hash);
      for (const QueryShape* each : {&one, &other}) {
        EXPECT_EQ(each->text.find("lanted"), std::string::npos) << each->text;
        EXPECT_EQ(each->text.find("LANTED"), std::string::npos) << each->text;
        EXPECT_EQ(each->text.find_first_of("012"), std::string::npos) << each->text;
        EXPECT_EQ(each->text.find("true"), std::string::npos) << each->text;
      }
    }
  }
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

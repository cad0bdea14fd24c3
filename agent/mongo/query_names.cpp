// SPDX-License-Identifier: Apache-2.0
#include "mongo/query_names.h"

#include <algorithm>
#include <iterator>

namespace mme::mongo {
namespace {

// clang-format off
constexpr std::string_view kOperators[] = {
    "$abs", "$accumulator", "$acos", "$acosh", "$add", "$addFields", "$addToSet", "$all", "$allElementsTrue",
    "$alwaysFalse", "$alwaysTrue", "$and", "$anyElementTrue", "$arrayElemAt", "$arrayToObject", "$asin", "$asinh",
    "$atan", "$atan2", "$atanh", "$avg", "$binarySize", "$bit", "$bitAnd", "$bitNot", "$bitOr", "$bitXor",
    "$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$bottom", "$bottomN", "$box", "$bsonSize",
    "$bucket", "$bucketAuto", "$ceil", "$center", "$centerSphere", "$changeStream", "$changeStreamSplitLargeEvent",
    "$cmp", "$collStats", "$comment", "$concat", "$concatArrays", "$cond", "$const", "$convert", "$cos", "$cosh",
    "$count", "$covariancePop", "$covarianceSamp", "$createObjectId", "$currentDate", "$currentOp", "$dateAdd",
    "$dateDiff", "$dateFromParts", "$dateFromString", "$dateSubtract", "$dateToParts", "$dateToString",
    "$dateTrunc", "$dayOfMonth", "$dayOfWeek", "$dayOfYear", "$db", "$degreesToRadians", "$denseRank", "$densify",
    "$derivative", "$deserializeEJSON", "$divide", "$documentNumber", "$documents", "$elemMatch", "$eq", "$exists",
    "$exp", "$expMovingAvg", "$expr", "$facet", "$fill", "$filter", "$first", "$firstN", "$floor", "$function",
    "$geoIntersects", "$geoNear", "$geoWithin", "$geometry", "$getField", "$graphLookup", "$group", "$gt", "$gte",
    "$hash", "$hexHash", "$hour", "$id", "$ifNull", "$in", "$inc", "$indexOfArray", "$indexOfBytes", "$indexOfCP",
    "$indexStats", "$integral", "$isArray", "$isNumber", "$isoDayOfWeek", "$isoWeek", "$isoWeekYear", "$isolated",
    "$jsonSchema", "$last", "$lastN", "$let", "$limit", "$linearFill", "$listClusterCatalog", "$listLocalSessions",
    "$listSampledQueries", "$listSearchIndexes", "$listSessions", "$literal", "$ln", "$locf", "$log", "$log10",
    "$lookup", "$lt", "$lte", "$ltrim", "$map", "$match", "$max", "$maxDistance", "$maxN", "$median", "$merge",
    "$mergeObjects", "$meta", "$millisecond", "$min", "$minDistance", "$minMaxScaler", "$minN", "$minute", "$mod",
    "$month", "$mul", "$multiply", "$ne", "$near", "$nearSphere", "$nin", "$nor", "$not", "$objectToArray",
    "$options", "$or", "$out", "$percentile", "$planCacheStats", "$polygon", "$pop", "$pow", "$project", "$pull",
    "$pullAll", "$push", "$pushAll", "$querySettings", "$queryStats", "$radiansToDegrees", "$rand", "$range",
    "$rank", "$rankFusion", "$redact", "$reduce", "$ref", "$regex", "$regexFind", "$regexFindAll", "$regexMatch",
    "$rename", "$replaceAll", "$replaceOne", "$replaceRoot", "$replaceWith", "$reverseArray", "$round", "$rtrim",
    "$sample", "$sampleRate", "$score", "$scoreFusion", "$search", "$searchMeta", "$second", "$serializeEJSON",
    "$set", "$setDifference", "$setEquals", "$setField", "$setIntersection", "$setIsSubset", "$setOnInsert",
    "$setUnion", "$setWindowFields", "$shardedDataDistribution", "$shift", "$sigmoid", "$similarityCosine",
    "$similarityDotProduct", "$similarityEuclidean", "$sin", "$sinh", "$size", "$skip", "$slice", "$sort",
    "$sortArray", "$sortByCount", "$split", "$sqrt", "$stdDevPop", "$stdDevSamp", "$strLenBytes", "$strLenCP",
    "$strcasecmp", "$substr", "$substrBytes", "$substrCP", "$subtract", "$subtype", "$sum", "$switch", "$tan",
    "$tanh", "$text", "$toArray", "$toBool", "$toDate", "$toDecimal", "$toDouble", "$toHashedIndexKey", "$toInt",
    "$toLong", "$toLower", "$toObject", "$toObjectId", "$toString", "$toUUID", "$toUpper", "$top", "$topN", "$trim",
    "$trunc", "$tsIncrement", "$tsSecond", "$type", "$unionWith", "$uniqueDocs", "$unset", "$unsetField", "$unwind",
    "$vectorSearch", "$week", "$where", "$within", "$year", "$zip"};

constexpr std::string_view kStageArguments[] = {
    "as", "boundaries", "buckets", "coll", "connectFromField", "connectToField", "db", "default", "depthField",
    "distanceField", "distanceMultiplier", "field", "foreignField", "from", "granularity", "groupBy",
    "includeArrayIndex", "includeLocs", "into", "key", "let", "localField", "maxDepth", "maxDistance",
    "minDistance", "near", "newRoot", "on", "output", "partitionBy", "partitionByFields", "path", "pipeline",
    "preserveNullAndEmptyArrays", "query", "range", "restrictSearchWithMatch", "size", "sortBy", "spherical",
    "startWith", "timeseries", "whenMatched", "whenNotMatched"};

constexpr std::string_view kArguments[] = {
    "N", "accumulate", "accumulateArgs", "alpha", "amount", "args", "as", "base", "binSize", "body", "branches",
    "by", "case", "chars", "cond", "date", "dateString", "day", "default", "defaults", "else", "endDate", "field",
    "finalize", "find", "format", "hour", "if", "in", "init", "initArgs", "initialValue", "input", "inputs",
    "iso8601", "isoDayOfWeek", "isoWeek", "isoWeekYear", "lang", "limit", "merge", "method", "millisecond",
    "minute", "month", "n", "onError", "onNull", "options", "output", "p", "regex", "replacement", "second",
    "sortBy", "startDate", "startOfWeek", "then", "timezone", "to", "unit", "useLongestLength", "value", "vars",
    "window", "year"};
// clang-format on

template <size_t N>
constexpr bool is_sorted(const std::string_view (&names)[N]) {
  return std::is_sorted(std::begin(names), std::end(names));
}
static_assert(is_sorted(kOperators) && is_sorted(kStageArguments) && is_sorted(kArguments));

template <size_t N>
bool has(const std::string_view (&names)[N], std::string_view name) {
  return std::binary_search(std::begin(names), std::end(names), name);
}

}  // namespace

bool is_operator(std::string_view name) {
  return has(kOperators, name);
}

bool is_stage_argument(std::string_view name) {
  return has(kStageArguments, name);
}

bool is_operator_argument(std::string_view name) {
  return has(kArguments, name);
}

}  // namespace mme::mongo

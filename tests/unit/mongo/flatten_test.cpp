// SPDX-License-Identifier: Apache-2.0
#include "mongo/flatten.h"

#include <gtest/gtest.h>

#include <map>
#include <string_view>

namespace mme::mongo {
namespace {

// Of a mongod 6.0.5, some values of each kind; mongodb_exporter 0.43.1 was run against the same one.
constexpr std::string_view kStatus = R"({
  "host": "db:27017", "pid": {"$numberLong": "12"}, "uptime": {"$numberDouble": "85.0"},
  "uptimeMillis": {"$numberLong": "85594"}, "localTime": {"$date": {"$numberLong": "1795435954000"}},
  "asserts": {"regular": 0, "user": 11877},
  "connections": {"current": 6, "available": 15994, "totalCreated": {"$numberLong": "1284"}},
  "extra_info": {"note": "fields vary by platform", "page_faults": {"$numberLong": "4"}},
  "globalLock": {"totalTime": {"$numberLong": "85603000"}, "currentQueue": {"total": 3, "readers": 1},
                 "activeClients": {"total": 2}},
  "locks": {"Global": {"acquireCount": {"r": {"$numberLong": "5"}}}},
  "mem": {"bits": 64, "supported": true},
  "metrics": {"commands": {"find": {"total": {"$numberLong": "7"}}},
              "cursor": {"timedOut": {"$numberLong": "1"}, "open": {"pinned": {"$numberLong": "9"}}},
              "document": {"returned": {"$numberLong": "7024"}},
              "queryExecutor": {"collectionScans": {"nonTailable": {"$numberLong": "2"}}}},
  "opLatencies": {"reads": {"latency": {"$numberLong": "2422545"}, "ops": {"$numberLong": "8605"}}},
  "opcounters": {"insert": {"$numberLong": "3197"}},
  "opcountersRepl": {"update": {"$numberLong": "1"}},
  "transactions": {"retriedCommandsCount": {"$numberLong": "5"},
                   "commitTypes": {"noShards": {"initiated": {"$numberLong": "6"}}}},
  "wiredTiger": {"uri": "statistics:",
                 "cache": {"bytes currently in the cache": 33785, "eviction state": 64},
                 "concurrentTransactions": {"write": {"out": 1, "available": 127, "totalTickets": 128}}},
  "ok": {"$numberDouble": "1.0"}
})";

std::map<std::string, double> flattened(std::string_view json, const StatusLabels& labels) {
  bson_t document;
  bson_error_t error;
  EXPECT_TRUE(bson_init_from_json(&document, json.data(), static_cast<ssize_t>(json.size()), &error)) << error.message;
  std::map<std::string, double> found;
  for (const StatusSample& sample : flatten(document, labels)) {
    std::string text = sample.family;
    for (const auto& [name, value] : sample.labels) text.append(" ").append(name).append("=").append(value);
    EXPECT_TRUE(found.emplace(text, sample.value).second) << text;
  }
  bson_destroy(&document);
  return found;
}

TEST(Flatten, AsTheExporterDoes) {
  const std::map<std::string, double> expected = {
      {"mongodb_ss_asserts cl_role= assert_type=regular", 0},
      {"mongodb_ss_asserts cl_role= assert_type=user", 11877},
      {"mongodb_ss_connections cl_role= conn_type=available", 15994},
      {"mongodb_ss_connections cl_role= conn_type=current", 6},
      {"mongodb_ss_connections cl_role= conn_type=totalCreated", 1284},
      {"mongodb_ss_extra_info_page_faults cl_role=", 4},
      {"mongodb_ss_globalLock_activeClients_total cl_role=", 2},
      {"mongodb_ss_globalLock_currentQueue cl_role= count_type=readers", 1},
      {"mongodb_ss_globalLock_currentQueue cl_role= count_type=total", 3},
      {"mongodb_ss_globalLock_totalTime cl_role=", 85603000},
      {"mongodb_ss_mem_bits cl_role=", 64},
      {"mongodb_ss_mem_supported cl_role=", 1},
      {"mongodb_ss_metrics_cursor_open cl_role= csr_type=pinned", 9},
      {"mongodb_ss_metrics_cursor_timedOut cl_role=", 1},
      {"mongodb_ss_metrics_document cl_role= doc_op_type=returned", 7024},
      {"mongodb_ss_metrics_queryExecutor_collectionScans_nonTailable cl_role=", 2},
      {"mongodb_ss_ok cl_role=", 1},
      {"mongodb_ss_opLatencies_latency op_type=reads", 2422545},
      {"mongodb_ss_opLatencies_ops op_type=reads", 8605},
      {"mongodb_ss_opcounters cl_role= legacy_op_type=insert", 3197},
      {"mongodb_ss_opcountersRepl cl_role= legacy_op_type=update", 1},
      {"mongodb_ss_transactions_commitTypes_noShards_initiated cl_role=", 6},
      {"mongodb_ss_transactions_retriedCommandsCount cl_role=", 5},
      {"mongodb_ss_uptime cl_role=", 85},
      {"mongodb_ss_uptimeMillis cl_role=", 85594},
      {"mongodb_ss_wt_cache_bytes_currently_in_the_cache cl_role=", 33785},
      {"mongodb_ss_wt_concurrentTransactions_available txn_rw=write", 127},
      {"mongodb_ss_wt_concurrentTransactions_out txn_rw=write", 1},
      {"mongodb_ss_wt_concurrentTransactions_totalTickets txn_rw=write", 128},
  };
  EXPECT_EQ(flattened(kStatus, {{"cl_role", ""}}), expected);
}

TEST(Flatten, QueuesOfLaterVersionsHaveTheNamesOfTickets) {
  EXPECT_EQ(flattened(R"({"queues": {"execution": {"read": {"out": 4}}}})", {}),
            (std::map<std::string, double>{{"mongodb_ss_wt_concurrentTransactions_out txn_rw=read", 4}}));
}

TEST(Flatten, HelpAndType) {
  bson_t document;
  bson_error_t error;
  ASSERT_TRUE(bson_init_from_json(&document, kStatus.data(), static_cast<ssize_t>(kStatus.size()), &error));
  std::map<std::string, std::string> help;
  for (const StatusSample& sample : flatten(document, {})) {
    EXPECT_EQ(sample.counter, sample.family == "mongodb_ss_transactions_retriedCommandsCount") << sample.family;
    help[sample.family] = sample.help;
  }
  EXPECT_EQ(help["mongodb_ss_connections"], "serverStatus.connections");
  EXPECT_EQ(help["mongodb_ss_mem_bits"], "serverStatus.mem.bits");
  EXPECT_EQ(help["mongodb_ss_opLatencies_ops"], "mongodb_ss_opLatencies_ops");
  bson_destroy(&document);
}

TEST(Flatten, OddNames) {
  constexpr std::string_view odd =
      R"json({"network": {"-a  (b)": 1, "ü": 2, "x__y": 3}, "asserts": {"a\"b\n": 4}})json";
  EXPECT_EQ(flattened(odd, {}), (std::map<std::string, double>{{"mongodb_ss_network_a_b", 1},
                                                               {"mongodb_ss_network", 2},
                                                               {"mongodb_ss_network_x_y", 3},
                                                               {"mongodb_ss_asserts assert_type=a\"b\n", 4}}));
}

TEST(Flatten, BoundedInDepthAndNumber) {
  std::string deep = "1";
  for (int i = 0; i < 50; ++i) deep = "{\"n\": " + deep + "}";
  EXPECT_TRUE(flattened("{\"network\": " + deep + "}", {}).empty());
  std::string many = "{\"network\": {\"a0\": 0";
  for (int i = 1; i < 5000; ++i) many += ", \"a" + std::to_string(i) + "\": 0";
  EXPECT_EQ(flattened(many + "}}", {}).size(), 1000u);
}

TEST(Flatten, NothingOfAnEmptyDocument) {
  EXPECT_TRUE(flattened("{}", {}).empty());
  EXPECT_TRUE(
      flattened(R"({"connections": 5.5, "asserts": [1, 2], "mem": null})", {}).contains("mongodb_ss_connections"));
}

}  // namespace
}  // namespace mme::mongo

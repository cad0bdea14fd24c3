// SPDX-License-Identifier: Apache-2.0
#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

namespace mme {
namespace {

Latency latency(std::vector<uint64_t> bounds, uint64_t sum_ns) {
  Latency result;
  result.bounds = std::move(bounds);
  result.sum_ns = sum_ns;
  return result;
}

Snapshot http_snapshot() {
  Snapshot snapshot;
  snapshot.bounds_s = {0.1, 0.3, 1.2, 5};
  snapshot.entrypoint = {
      {"traefik", "web", "GET", "http", "200", latency({7, 1, 0, 0, 2}, 12'500'000'000), 5, 900, "web"},
      {"traefik-2", "web", "GET", "http", "200", latency({1, 0, 0, 0, 0}, 500'000'000), 1, 100, "web"},
  };
  snapshot.upstream = {{"traefik", "10.0.0.5:8000", "POST", "sse", "502", latency({1, 0, 0, 0, 0}, 1'000'000), 3, 4,
                        "mme@file", "http://10.0.0.5:8000"},
                       {"_other", "_other", "_other", "_other", "_other", latency({0, 1, 0, 0, 0}, 1'000'000), 0, 0,
                        "_other", "_other"}};
  snapshot.open_by_entrypoint = {{"web", 12}};
  return snapshot;
}

MongoSeries mongo(std::string collection, std::string outcome) {
  return {"mongod", "find", "mme", std::move(collection), std::move(outcome), true, latency({1, 0, 0, 0, 0}, 1000),
          10,       20};
}

std::string text_of(const Snapshot& snapshot, Subset subset) {
  return whole(exposition(snapshot, subset));
}

std::string part_of(const std::string& exposition, const std::string& name) {
  const size_t begin = exposition.find("# HELP " + name + " ");
  if (begin == std::string::npos) return "";
  const size_t type = exposition.find("# TYPE", begin);
  return exposition.substr(type, exposition.find("# HELP", begin + 1) - type);
}

TEST(Families, EntrypointAsTraefikNamesIt) {
  const std::string out = text_of(http_snapshot(), Subset::all);
  EXPECT_EQ(part_of(out, "traefik_entrypoint_requests_total"),
            "# TYPE traefik_entrypoint_requests_total counter\n"
            "traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\",method=\"GET\",protocol=\"http\"} 11\n");
  EXPECT_EQ(part_of(out, "traefik_entrypoint_request_duration_seconds"),
            "# TYPE traefik_entrypoint_request_duration_seconds histogram\n"
            "traefik_entrypoint_request_duration_seconds_bucket{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\",le=\"0.1\"} 8\n"
            "traefik_entrypoint_request_duration_seconds_bucket{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\",le=\"0.3\"} 9\n"
            "traefik_entrypoint_request_duration_seconds_bucket{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\",le=\"1.2\"} 9\n"
            "traefik_entrypoint_request_duration_seconds_bucket{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\",le=\"5\"} 9\n"
            "traefik_entrypoint_request_duration_seconds_bucket{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\",le=\"+Inf\"} 11\n"
            "traefik_entrypoint_request_duration_seconds_sum{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\"} 13\n"
            "traefik_entrypoint_request_duration_seconds_count{code=\"200\",entrypoint=\"web\",method=\"GET\","
            "protocol=\"http\"} 11\n");
  EXPECT_EQ(part_of(out, "traefik_entrypoint_requests_bytes_total"),
            "# TYPE traefik_entrypoint_requests_bytes_total counter\n"
            "traefik_entrypoint_requests_bytes_total{code=\"200\",entrypoint=\"web\",method=\"GET\",protocol=\"http\"} "
            "6\n");
  EXPECT_EQ(part_of(out, "traefik_open_connections"),
            "# TYPE traefik_open_connections gauge\n"
            "traefik_open_connections{entrypoint=\"web\",protocol=\"TCP\"} 12\n");
}

TEST(Families, ServerUp) {
  Snapshot snapshot;
  snapshot.servers_up = {{"mme@file", "http://10.0.0.5:8000", true}, {"mme@file", "http://10.0.0.6:8000", false}};
  EXPECT_EQ(part_of(text_of(snapshot, Subset::traefik), "traefik_service_server_up"),
            "# TYPE traefik_service_server_up gauge\n"
            "traefik_service_server_up{service=\"mme@file\",url=\"http://10.0.0.5:8000\"} 1\n"
            "traefik_service_server_up{service=\"mme@file\",url=\"http://10.0.0.6:8000\"} 0\n");
}

TEST(Families, UpstreamServer) {
  EXPECT_EQ(part_of(text_of(http_snapshot(), Subset::traefik), "mme_upstream_requests_total"),
            "# TYPE mme_upstream_requests_total counter\n"
            "mme_upstream_requests_total{code=\"502\",method=\"POST\",protocol=\"sse\",service=\"mme@file\","
            "url=\"http://10.0.0.5:8000\"} 1\n"
            "mme_upstream_requests_total{code=\"_other\",method=\"_other\",protocol=\"_other\",service=\"_other\","
            "url=\"_other\"} 1\n");
}

Snapshot routed_snapshot() {
  Snapshot snapshot = http_snapshot();
  HttpSeries series = {"traefik", "a@file", "GET", "http", "200", latency({7, 1, 0, 0, 2}, 12'500'000'000), 5, 900};
  series.name = "a@file";
  series.service = "s@file";
  HttpSeries elsewhere = series;
  elsewhere.target = "edge";
  HttpSeries of_t = series;
  of_t.service = "t@file";
  snapshot.router = {series, elsewhere, of_t};
  series.name = series.leg = "promote";
  series.protocol.clear();
  snapshot.route = {series};
  return snapshot;
}

TEST(Families, RoutersAsTraefikNamesThem) {
  const std::string out = text_of(routed_snapshot(), Subset::traefik);
  EXPECT_EQ(part_of(out, "traefik_router_requests_total"),
            "# TYPE traefik_router_requests_total counter\n"
            "traefik_router_requests_total{code=\"200\",method=\"GET\",protocol=\"http\",router=\"a@file\","
            "service=\"s@file\"} 20\n"
            "traefik_router_requests_total{code=\"200\",method=\"GET\",protocol=\"http\",router=\"a@file\","
            "service=\"t@file\"} 10\n");
  EXPECT_NE(
      out.find("# HELP traefik_router_requests_total How many HTTP requests were processed on a router, partitioned "
               "by service, status code, protocol, and method.\n"),
      std::string::npos);
  EXPECT_NE(out.find("traefik_router_request_duration_seconds_bucket{code=\"200\",method=\"GET\",protocol=\"http\","
                     "router=\"a@file\",service=\"s@file\",le=\"0.3\"} 16\n"),
            std::string::npos);
  EXPECT_NE(out.find("traefik_router_requests_bytes_total{code=\"200\",method=\"GET\",protocol=\"http\","
                     "router=\"a@file\",service=\"s@file\"} 10\n"),
            std::string::npos);
  EXPECT_NE(out.find("traefik_router_responses_bytes_total{code=\"200\",method=\"GET\",protocol=\"http\","
                     "router=\"a@file\",service=\"s@file\"} 1800\n"),
            std::string::npos);
}

TEST(Families, RoutesOfTheOperator) {
  const std::string out = text_of(routed_snapshot(), Subset::traefik);
  EXPECT_EQ(part_of(out, "mme_route_requests_total"),
            "# TYPE mme_route_requests_total counter\n"
            "mme_route_requests_total{code=\"200\",method=\"GET\",route=\"promote\",service=\"s@file\"} 10\n");
  EXPECT_NE(out.find("mme_route_request_duration_seconds_bucket{code=\"200\",method=\"GET\",route=\"promote\","
                     "service=\"s@file\",le=\"0.1\"} 7\n"),
            std::string::npos);
  EXPECT_EQ(text_of(routed_snapshot(), Subset::mongodb).find("mme_route_"), std::string::npos);
}

TEST(Families, WithoutThoseInTraefiksNames) {
  Snapshot snapshot = routed_snapshot();
  snapshot.service = snapshot.entrypoint;
  snapshot.servers_up = {{"mme@file", "http://10.0.0.5:8000", true}};
  std::string others;
  bool wanted = true;
  std::istringstream lines(text_of(snapshot, Subset::all));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) wanted = !line.starts_with("# HELP traefik_");
    if (wanted) others += line + '\n';
  }
  snapshot.traefik_families = false;
  const std::string gauge = "\nmme_agent_compat_traefik_families ";
  ASSERT_NE(others.find(gauge + '1'), std::string::npos);
  others.replace(others.find(gauge), gauge.size() + 1, gauge + '0');
  EXPECT_EQ(text_of(snapshot, Subset::all), others);
  EXPECT_NE(others.find("mme_upstream_requests_total{"), std::string::npos);
}

TEST(Families, ReplicationApartFromClients) {
  Snapshot snapshot;
  snapshot.bounds_s = {0.1, 0.3, 1.2, 5.0};
  snapshot.mongo_replication = {mongo("oplog.rs", "ok")};
  snapshot.mongo_replication_errors = {{.command = "find", .error = "NotYetInitialized", .count = 4}};
  snapshot.mongo_replication_counts = {{"getMore", {9, 0, 0, 0, 0, 30, 400}}, {"find", {0, 2, 0, 0, 0, 0, 0}}};
  snapshot.mongo_members = {{.target = "mongod", .set = "rs\"0", .me = "a:27017", .role = "primary"}};
  const std::string out = text_of(snapshot, Subset::mongodb);
  for (const char* line :
       {"duration_seconds_count{collection=\"oplog.rs\",command=\"find\",database=\"mme\","
        "outcome=\"ok\"} 1",
        "errors_total{command=\"find\",error=\"NotYetInitialized\"} 4", "awaited_total{command=\"getMore\"} 9",
        "unacknowledged_total{command=\"find\"} 2", "cursor_documents_total{command=\"getMore\"} 30",
        "cursor_bytes_total{command=\"getMore\"} 400", "cursor_killed_total 0"})
    EXPECT_NE(out.find("\nmme_mongo_replication_" + std::string(line) + "\n"), std::string::npos) << line;
  EXPECT_NE(out.find("mme_mongo_member_info{me=\"a:27017\",role=\"primary\",set=\"rs\\\"0\",target=\"mongod\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(out.find("mme_mongo_awaited_total{"), std::string::npos);
  EXPECT_EQ(out.find("mme_mongo_command_duration_seconds_count{"), std::string::npos);
}

TEST(Families, MongoWithHostileNames) {
  Snapshot snapshot = http_snapshot();
  snapshot.mongo = {mongo("a\"\\\nb", "error"), mongo("a\"\\\nb", "ok")};
  snapshot.mongo_errors = {{"insert", "DuplicateKey", 4}};
  snapshot.mongo_write_errors = {{"insert", "DuplicateKey", 5}};
  snapshot.mongo_write_concern_errors = {{"insert", "WriteConcernFailed", 6}};
  snapshot.mongo_counts = {
      {"hello", {9, 0, 0, 0, 0, 0, 0}}, {"find", {0, 0, 1, 2, 0, 30, 400}}, {"killCursors", {0, 0, 0, 0, 5, 0, 0}}};
  const std::string out = text_of(snapshot, Subset::mongodb);
  EXPECT_NE(out.find("mme_mongo_command_duration_seconds_bucket{collection=\"a\\\"\\\\\\nb\",command=\"find\","
                     "database=\"mme\",outcome=\"error\",le=\"0.1\"} 1\n"),
            std::string::npos);
  // Both outcomes in one: the contract gives the byte counters no outcome.
  EXPECT_EQ(part_of(out, "mme_mongo_response_bytes_total"),
            "# TYPE mme_mongo_response_bytes_total counter\n"
            "mme_mongo_response_bytes_total{collection=\"a\\\"\\\\\\nb\",command=\"find\",database=\"mme\"} 40\n");
  EXPECT_NE(out.find("mme_mongo_write_errors_total{command=\"insert\",error=\"DuplicateKey\"} 5\n"), std::string::npos);
  EXPECT_NE(out.find("mme_mongo_write_concern_errors_total{command=\"insert\",error=\"WriteConcernFailed\"} 6\n"),
            std::string::npos);
  EXPECT_NE(out.find("mme_mongo_command_errors_total{command=\"insert\",error=\"DuplicateKey\"} 4\n"),
            std::string::npos);
  EXPECT_NE(out.find("mme_mongo_awaited_total{command=\"hello\"} 9\n"), std::string::npos);
  for (const char* line :
       {"opened_total{command=\"find\"} 1", "exhausted_total{command=\"find\"} 2",
        "documents_total{command=\"find\"} 30", "bytes_total{command=\"find\"} 400", "killed_total 5"})
    EXPECT_NE(out.find("\nmme_mongo_cursor_" + std::string(line) + "\n"), std::string::npos) << line;
  EXPECT_NE(out.find("mme_mongo_connections{state=\"open\"} 0\n"), std::string::npos);
}

Snapshot agent_snapshot() {
  Snapshot snapshot = http_snapshot();
  snapshot.mongo = {mongo("c", "ok")};
  snapshot.accounts["http"] = {10, 9, {{"gap", 1}}, {{"gap", 0}}};
  snapshot.accounts["mongo"] = {20, 20, {{"gap", 0}}, {{"gap", 2}}};
  snapshot.series_in_use = {{"entrypoint", 2}, {"mongo", 1}};
  snapshot.series_overflow = {{"entrypoint", 0}, {"mongo", 0}, {"mongo_errors", 1}};
  snapshot.series_retired = {{"mongo", 3}};
  snapshot.exchanges_retired = {{"mongo", 40}};
  snapshot.programs = {{"ingress", 2'500'000, 100, 4000}, {"ingress", 500'000, 1, 4000}};
  snapshot.map_bytes = {{"series", 4096}};
  snapshot.targets = {{"traefik", "traefik", true, 1, "/t", {}, ""}, {"mongod", "mongod", false, 2, "/m", {}, "gone"}};
  snapshot.attachments = {{"traefik", "ingress", "/t", true, ""},
                          {"traefik", "ingress", "/t", false, "twice"},
                          {"mongod", "ingress", "/m", false, "EPERM"}};
  snapshot.agent.version = "0.1.0";
  snapshot.agent.revision = "abc";
  snapshot.agent.config_reload_ok = false;
  return snapshot;
}

TEST(Families, TheAgentItself) {
  const std::string out = text_of(agent_snapshot(), Subset::all);
  for (const char* line : {
           "mme_agent_target_up{kind=\"traefik\",name=\"traefik\"} 1\n",
           "mme_agent_target_up{kind=\"mongod\",name=\"mongod\"} 0\n",
           "mme_agent_attached{cgroup=\"/t\",hook=\"ingress\"} 1\n",
           "mme_agent_bytes_seen_total{protocol=\"http\"} 10\n",
           "mme_agent_bytes_parsed_total{protocol=\"http\"} 9\n",
           "mme_agent_bytes_skipped_total{protocol=\"http\",reason=\"gap\"} 1\n",
           "mme_agent_messages_skipped_total{protocol=\"mongo\",reason=\"gap\"} 2\n",
           "mme_agent_series{family=\"entrypoint\"} 2\n",
           "mme_agent_series_overflow_total{family=\"mongo_errors\"} 1\n",
           "mme_agent_series_retired_total{family=\"mongo\"} 3\n",
           "mme_agent_series_retired_exchanges_total{family=\"mongo\"} 40\n",
           "mme_agent_bpf_run_seconds_total{program=\"ingress\"} 0.003\n",
           "mme_agent_bpf_runs_total{program=\"ingress\"} 101\n",
           "mme_agent_map_bytes{map=\"series\"} 4096\n",
           "mme_agent_build_info{revision=\"abc\",version=\"0.1.0\"} 1\n",
           "mme_agent_config_last_reload_successful 0\n",
       }) {
    EXPECT_NE(out.find(line), std::string::npos) << line;
  }
}

TEST(Families, SubsetsShareNoCounterOfAProtocol) {
  const std::string traefik = text_of(agent_snapshot(), Subset::traefik);
  const std::string mongodb = text_of(agent_snapshot(), Subset::mongodb);
  EXPECT_EQ(traefik.find("mme_mongo"), std::string::npos);
  EXPECT_EQ(mongodb.find("traefik_"), std::string::npos);
  EXPECT_EQ(mongodb.find("mme_upstream"), std::string::npos);
  for (const char* only_http :
       {"{protocol=\"http\"}", "kind=\"traefik\"", "family=\"entrypoint\"", "cgroup=\"/t\"", "stream=\"routes\""}) {
    EXPECT_NE(traefik.find(only_http), std::string::npos) << only_http;
    EXPECT_EQ(mongodb.find(only_http), std::string::npos) << only_http;
  }
  for (const char* only_mongo : {"{protocol=\"mongo\"}", "kind=\"mongod\"", "family=\"mongo\"", "cgroup=\"/m\"",
                                 "stream=\"commands\"", "stream=\"slow_file\""}) {
    EXPECT_EQ(traefik.find(only_mongo), std::string::npos) << only_mongo;
    EXPECT_NE(mongodb.find(only_mongo), std::string::npos) << only_mongo;
  }
  for (const char* both : {"mme_agent_build_info", "process_cpu_seconds_total"}) {
    EXPECT_NE(traefik.find(both), std::string::npos);
    EXPECT_NE(mongodb.find(both), std::string::npos);
  }
}

TEST(Families, HooksOfASharedCgroupAreInBothSubsets) {
  Snapshot snapshot = agent_snapshot();
  for (TargetState& target : snapshot.targets) target.cgroup = "/";
  snapshot.attachments = {{"traefik", "ingress", "/", true, ""}};
  for (const Subset subset : {Subset::all, Subset::traefik, Subset::mongodb}) {
    EXPECT_NE(text_of(snapshot, subset).find("mme_agent_attached{cgroup=\"/\",hook=\"ingress\"} 1\n"),
              std::string::npos);
  }
}

TEST(Families, HelpOnEachAndNoDuplicates) {
  std::set<std::string> helped;
  std::set<std::string> samples;
  std::istringstream lines(text_of(agent_snapshot(), Subset::all));
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      const size_t end = line.find(' ', 7);
      family = line.substr(7, end - 7);
      EXPECT_TRUE(helped.insert(family).second) << line;
      EXPECT_GT(line.size(), end + 1) << line;
    } else if (!line.starts_with("# TYPE " + family + " ")) {
      EXPECT_TRUE(line.starts_with(family)) << line;
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
}

TEST(Families, InPieces) {
  Snapshot snapshot = http_snapshot();
  for (int i = 0; i < 2000; ++i) snapshot.mongo.push_back(mongo("c" + std::to_string(i), "ok"));
  const TextSource source = exposition(snapshot, Subset::all);
  std::string all;
  size_t longest = 0;
  EXPECT_TRUE(source([&](std::string_view piece) {
    all += piece;
    longest = std::max(longest, piece.size());
    return true;
  }));
  EXPECT_EQ(all, whole(source));
  EXPECT_GT(all.size(), 1'000'000U);
  EXPECT_LT(longest, 65'536U);
}

TEST(Families, EndsWhenNoMoreIsWanted) {
  Snapshot snapshot = http_snapshot();
  for (int i = 0; i < 2000; ++i) snapshot.mongo.push_back(mongo("c" + std::to_string(i), "ok"));
  int pieces = 0;
  EXPECT_FALSE(exposition(snapshot, Subset::all)([&](std::string_view) { return ++pieces < 2; }));
  EXPECT_EQ(pieces, 2);
}

}  // namespace
}  // namespace mme

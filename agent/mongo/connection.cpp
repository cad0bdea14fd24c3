// SPDX-License-Identifier: Apache-2.0
#include "mongo/connection.h"

#include <optional>
#include <string_view>
#include <utility>

#include "mongo/client.h"
#include "mongo/driver.h"
#include "mongo/flatten.h"
#include "mongo/topology.h"

namespace mme::mongo {
namespace {

// src/mongo/base/error_codes.yml
constexpr uint32_t kUnauthorized = 13;
constexpr uint32_t kAuthenticationFailed = 18;

// Sections of 4.4 to 8.0 that nothing here shows. Without them, and the counts by command and operator among `metrics`,
// the answer of a mongod 6.0 has 28 KB instead of 60, and takes it a tenth less of CPU. A name that a version does not
// have does no harm.
constexpr const char* kUnwanted[] = {"activeIndexBuilds",
                                     "batchedDeletes",
                                     "bucketCatalog",
                                     "catalogStats",
                                     "changeStreamPreImages",
                                     "collectionCatalog",
                                     "defaultRWConcern",
                                     "electionMetrics",
                                     "encryptionAtRest",
                                     "featureCompatibilityVersion",
                                     "flowControl",
                                     "freeMonitoring",
                                     "hedgingMetrics",
                                     "indexBulkBuilder",
                                     "indexStats",
                                     "internalTransactions",
                                     "locks",
                                     "logicalSessionRecordCache",
                                     "mirroredReads",
                                     "opReadConcernCounters",
                                     "oplog",
                                     "oplogTruncation",
                                     "planCache",
                                     "queryAnalyzers",
                                     "queryStats",
                                     "readConcernCounters",
                                     "readPreferenceCounters",
                                     "repl",
                                     "resourceConsumption",
                                     "scramCache",
                                     "security",
                                     "service",
                                     "shardSplits",
                                     "sharding",
                                     "shardingStatistics",
                                     "shardedIndexConsistency",
                                     "spillWiredTiger",
                                     "storageEngine",
                                     "tcmalloc",
                                     "tenantMigrations",
                                     "trafficRecording",
                                     "transportSecurity",
                                     "twoPhaseCommitCoordinator",
                                     "watchdog"};
constexpr const char* kUnwantedMetrics[] = {"aggStageCounters", "apiVersions", "commands", "dotsAndDollarsFields",
                                            "operatorCounters", "query",       "repl"};

void append_server_status(Document& command) {
  BSON_APPEND_INT32(command.get(), "serverStatus", 1);
  for (const char* section : kUnwanted) BSON_APPEND_INT32(command.get(), section, 0);
  bson_t metrics;
  BSON_APPEND_DOCUMENT_BEGIN(command.get(), "metrics", &metrics);
  for (const char* metric : kUnwantedMetrics) BSON_APPEND_BOOL(&metrics, metric, false);
  bson_append_document_end(command.get(), &metrics);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_authentication(const ClientError& error) {
  if (error.from_server()) return error.code == kAuthenticationFailed;
  if (error.domain == MONGOC_ERROR_SCRAM || error.domain == MONGOC_ERROR_SASL) return true;
  return error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE;
}

// What people can do something with; of the rest what libmongoc says, without credentials.
AskError ask_error(const ClientError& error, std::chrono::steady_clock::duration took, const Uri& uri) {
  if (is_authentication(error)) {
    return {"authentication failed", "correct user, password or authSource of the URI"};
  }
  if (error.from_server() && error.code == kUnauthorized) {
    return {"not authorized", "give the URI's user the role clusterMonitor on admin"};
  }
  if (contains(error.message, "connection refused")) {
    return {"connection refused", "start mongod, or correct host and port of the URI"};
  }
  // TLS comes first: a handshake with a server that does not speak it may end in any way.
  if (contains(error.message, "TLS")) {
    return {uri.without_credentials(error.message), "correct the TLS options of the URI, as mongod's net.tls has them"};
  }
  if (contains(error.message, "timeout") || took >= kAnswerWithin) return too_late();
  return {uri.without_credentials(error.message), ""};
}

}  // namespace

std::string to_string(const AskError& error) {
  return error.mend.empty() ? error.what : error.what + " (" + error.mend + ")";
}

AskError too_late() {
  return {"no answer within " + std::to_string(kAnswerWithin.count()) + " ms",
          "mongod is stopped, overloaded or not reachable from here"};
}

class Connection::Client {
 public:
  explicit Client(const Uri& uri) : client_(uri) {}

  tl::expected<MongodStatus, ClientError> ask() {
    if (!topology_) {
      Document hello;
      if (const auto connected = client_.connect(hello); !connected) return tl::make_unexpected(connected.error());
      topology_.emplace(hello);
    }
    Document command;
    Document status;
    append_server_status(command);
    if (const auto answered = client_.command("admin", command.get(), status); !answered) {
      return tl::make_unexpected(answered.error());
    }
    const auto labels = topology_->labels(client_);
    if (!labels) return tl::make_unexpected(labels.error());
    answered_ = true;
    return MongodStatus{{}, true, topology_->cluster_role(), flatten(*status.get(), *labels)};
  }

  [[nodiscard]] bool has_answered() const { return answered_; }

 private:
  DirectClient client_;
  std::optional<Topology> topology_;  // of the connection; none: not connected
  bool answered_ = false;
};

Connection::Connection(Uri uri) : uri_(std::move(uri)) {
  begin_driver();
}

Connection::~Connection() = default;

tl::expected<MongodStatus, AskError> Connection::ask_once(Clock::time_point begun) {
  // A new client after a failure: libmongoc's own leaves a server alone for five seconds.
  if (client_ == nullptr) client_ = std::make_unique<Client>(uri_);
  auto answer = client_->ask();
  if (answer) return std::move(*answer);
  if (!answer.error().from_server()) client_.reset();
  return tl::make_unexpected(ask_error(answer.error(), Clock::now() - begun, uri_));
}

tl::expected<MongodStatus, AskError> Connection::ask() {
  const Clock::time_point begun = Clock::now();
  const bool had_answered = client_ != nullptr && client_->has_answered();
  auto answer = ask_once(begun);
  // A mongod that was restarted since the last answer shows only now that the connection is gone.
  const bool lost = !answer && had_answered && client_ == nullptr;
  if (lost && Clock::now() - begun < kAnswerWithin) answer = ask_once(Clock::now());
  return answer;
}

}  // namespace mme::mongo

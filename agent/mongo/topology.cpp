// SPDX-License-Identifier: Apache-2.0
#include "mongo/topology.h"

#include <array>

#include "metrics/names.h"

namespace mme::mongo {
namespace {

// src/mongo/base/error_codes.yml
constexpr uint32_t kNoReplicationEnabled = 76;
constexpr uint32_t kNotYetInitialized = 94;
constexpr uint32_t kNotPrimaryOrSecondary = 13436;

using Asked = tl::expected<bool, ClientError>;  // whether the server answered; an error: the connection is lost

// A command that is {name: value}; the reply of one that is refused is its error.
Asked ask(DirectClient& client, const char* name, Document& reply, uint32_t* code = nullptr) {
  Document command;
  BSON_APPEND_INT32(command.get(), name, 1);
  const auto answered = client.command("admin", command.get(), reply);
  if (code != nullptr) *code = answered ? 0 : answered.error().code;
  if (answered) return true;
  if (answered.error().from_server()) return false;
  return tl::make_unexpected(answered.error());
}

// The first document of a collection, of those with this _id where one is given.
Asked find_one(DirectClient& client, const char* database, const char* collection, const char* id, Document& reply) {
  Document command;
  Document filter;
  if (id != nullptr) BSON_APPEND_UTF8(filter.get(), "_id", id);
  BSON_APPEND_UTF8(command.get(), "find", collection);
  BSON_APPEND_DOCUMENT(command.get(), "filter", filter.get());
  BSON_APPEND_INT32(command.get(), "limit", 1);
  BSON_APPEND_BOOL(command.get(), "singleBatch", true);
  const auto answered = client.command(database, command.get(), reply);
  if (!answered && !answered.error().from_server()) return tl::make_unexpected(answered.error());
  bson_iter_t first;
  return answered && reply.has("cursor.firstBatch.0", first);
}

// 24 hexadecimal digits; where there is no such field, 0 as Go has it.
std::string object_id(const Document& reply, const char* path) {
  std::array<char, 25> text{};
  bson_iter_t value;
  if (!reply.has(path, value) || !BSON_ITER_HOLDS_OID(&value)) return std::string(24, '0');
  bson_oid_to_string(bson_iter_oid(&value), text.data());
  return text.data();
}

tl::expected<std::string, ClientError> ask_role(DirectClient& client) {
  Document options;
  const Asked answered = ask(client, "getCmdLineOpts", options);
  if (!answered) return tl::make_unexpected(answered.error());
  bson_iter_t value;
  if (*answered && options.has("parsed.sharding.configDB", value)) return "mongos";
  return *answered ? options.text("parsed.sharding.clusterRole") : "";
}

// Of a sharded cluster its own, else that of the replica set; empty: of neither. Nothing: it may not be asked.
tl::expected<std::optional<std::string>, ClientError> ask_cluster_id(DirectClient& client) {
  Document reply;
  Asked answered = find_one(client, "config", "version", nullptr, reply);
  if (!answered) return tl::make_unexpected(answered.error());
  if (*answered) return object_id(reply, "cursor.firstBatch.0.clusterId");
  answered = find_one(client, "admin", "system.version", "shardIdentity", reply);
  if (!answered) return tl::make_unexpected(answered.error());
  if (*answered) return object_id(reply, "cursor.firstBatch.0.clusterId");
  uint32_t code = 0;
  answered = ask(client, "replSetGetConfig", reply, &code);
  if (!answered) return tl::make_unexpected(answered.error());
  if (*answered) return object_id(reply, "config.settings.replicaSetId");
  if (code == kNoReplicationEnabled || code == kNotYetInitialized || code == kNotPrimaryOrSecondary) return "";
  return std::nullopt;
}

std::string role_of(const Document& hello) {
  bson_iter_t arbiter;
  if (hello.has("arbiterOnly", arbiter) && bson_iter_as_bool(&arbiter)) return "arbiter";
  return hello.text("msg") == "isdbgrid" ? "mongos" : "mongod";
}

}  // namespace

Topology::Topology(const Document& hello) : cluster_role_(role_of(hello)), may_be_member_(cluster_role_ != "mongos") {}

tl::expected<void, ClientError> Topology::ask_member(DirectClient& client) {
  set_.clear();
  state_ = -1;
  Document status;
  uint32_t code = 0;
  const Asked answered = ask(client, "replSetGetStatus", status, &code);
  if (!answered) return tl::make_unexpected(answered.error());
  may_be_member_ = code != kNoReplicationEnabled;
  bson_iter_t state;
  if (!*answered || !status.has("myState", state)) return {};
  set_ = label_text(status.text("set"), false);
  state_ = bson_iter_as_int64(&state);
  return {};
}

tl::expected<void, ClientError> Topology::ask_lasting(DirectClient& client) {
  if (lasting_ && lasting_->set == set_) return {};
  const auto role = ask_role(client);
  if (!role) return tl::make_unexpected(role.error());
  const auto cluster_id = ask_cluster_id(client);
  if (!cluster_id) return tl::make_unexpected(cluster_id.error());
  lasting_ = Lasting{label_text(*role, false), *cluster_id, set_};
  return {};
}

tl::expected<StatusLabels, ClientError> Topology::labels(DirectClient& client) {
  if (may_be_member_) {
    if (const auto asked = ask_member(client); !asked) return tl::make_unexpected(asked.error());
  }
  if (const auto asked = ask_lasting(client); !asked) return tl::make_unexpected(asked.error());
  StatusLabels labels = {{"cl_role", lasting_->role}};
  if (lasting_->cluster_id) labels.emplace_back("cl_id", *lasting_->cluster_id);
  if (!set_.empty()) labels.emplace_back("rs_nm", set_);
  if (state_ >= 0) labels.emplace_back("rs_state", std::to_string(state_));
  return labels;
}

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <optional>

#include "web/status.h"

// nlohmann's hooks: found by argument-dependent lookup, so they live beside their types.
namespace mme {
namespace {

using Json = nlohmann::json;

// Missing or of another type: `field` keeps its default.
template <typename Field>
void read(const Json& json, const char* key, Field& field) {
  const auto found = json.find(key);
  if (found != json.end() && !found->is_null()) found->get_to(field);
}

void read(const Json& json, const char* key, std::optional<double>& field) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_number()) field = found->get<double>();
}

Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

std::optional<GroupKind> group_kind(const std::string& text) {
  for (const GroupKind kind : {GroupKind::entrypoint, GroupKind::upstream, GroupKind::mongo}) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace

static void to_json(Json& json, const GroupFigures& figures) {
  json = {{"requests", figures.requests},
          {"errors", figures.errors},
          {"requests_per_second", figures.requests_per_second},
          {"errors_per_second", figures.errors_per_second},
          {"mean_s", number_or_null(figures.mean_s)},
          {"p50_s", number_or_null(figures.p50_s)},
          {"p95_s", number_or_null(figures.p95_s)},
          {"p99_s", number_or_null(figures.p99_s)}};
}

static void from_json(const Json& json, GroupFigures& figures) {
  read(json, "requests", figures.requests);
  read(json, "errors", figures.errors);
  read(json, "requests_per_second", figures.requests_per_second);
  read(json, "errors_per_second", figures.errors_per_second);
  read(json, "mean_s", figures.mean_s);
  read(json, "p50_s", figures.p50_s);
  read(json, "p95_s", figures.p95_s);
  read(json, "p99_s", figures.p99_s);
}

static void to_json(Json& json, const GroupStatus& group) {
  json = {{"kind", to_string(group.key.kind)},
          {"target", group.key.target},
          {"name", group.key.name},
          {"window", group.window},
          {"total", group.total}};
}

static void from_json(const Json& json, GroupStatus& group) {
  std::string kind;
  read(json, "kind", kind);
  group.key.kind = group_kind(kind).value_or(GroupKind::entrypoint);
  read(json, "target", group.key.target);
  read(json, "name", group.key.name);
  read(json, "window", group.window);
  read(json, "total", group.total);
}

static void to_json(Json& json, const TargetState& target) {
  json = {{"kind", target.kind},     {"name", target.name},           {"up", target.up},          {"pid", target.pid},
          {"cgroup", target.cgroup}, {"listeners", target.listeners}, {"problem", target.problem}};
}

static void from_json(const Json& json, TargetState& target) {
  read(json, "kind", target.kind);
  read(json, "name", target.name);
  read(json, "up", target.up);
  read(json, "pid", target.pid);
  read(json, "cgroup", target.cgroup);
  read(json, "listeners", target.listeners);
  read(json, "problem", target.problem);
}

static void to_json(Json& json, const Attachment& attachment) {
  json = {{"target", attachment.target},
          {"hook", attachment.hook},
          {"cgroup", attachment.cgroup},
          {"attached", attachment.attached},
          {"error", attachment.error}};
}

static void from_json(const Json& json, Attachment& attachment) {
  read(json, "target", attachment.target);
  read(json, "hook", attachment.hook);
  read(json, "cgroup", attachment.cgroup);
  read(json, "attached", attachment.attached);
  read(json, "error", attachment.error);
}

static void to_json(Json& json, const ProtocolAccount& account) {
  json = {{"bytes_seen", account.bytes_seen},
          {"bytes_parsed", account.bytes_parsed},
          {"bytes_skipped", account.bytes_skipped},
          {"messages_skipped", account.messages_skipped}};
}

static void from_json(const Json& json, ProtocolAccount& account) {
  read(json, "bytes_seen", account.bytes_seen);
  read(json, "bytes_parsed", account.bytes_parsed);
  read(json, "bytes_skipped", account.bytes_skipped);
  read(json, "messages_skipped", account.messages_skipped);
}

static void to_json(Json& json, const ProgramCost& cost) {
  json = {{"program", cost.program},
          {"run_time_ns", cost.run_time_ns},
          {"run_count", cost.run_count},
          {"verified_instructions", cost.verified_instructions}};
}

static void from_json(const Json& json, ProgramCost& cost) {
  read(json, "program", cost.program);
  read(json, "run_time_ns", cost.run_time_ns);
  read(json, "run_count", cost.run_count);
  read(json, "verified_instructions", cost.verified_instructions);
}

static void to_json(Json& json, const ProcessUsage& process) {
  json = {{"cpu_seconds", process.cpu_seconds},
          {"start_time_seconds", process.start_time_seconds},
          {"resident_bytes", process.resident_bytes},
          {"virtual_bytes", process.virtual_bytes},
          {"open_fds", process.open_fds},
          {"max_fds", process.max_fds}};
}

static void from_json(const Json& json, ProcessUsage& process) {
  read(json, "cpu_seconds", process.cpu_seconds);
  read(json, "start_time_seconds", process.start_time_seconds);
  read(json, "resident_bytes", process.resident_bytes);
  read(json, "virtual_bytes", process.virtual_bytes);
  read(json, "open_fds", process.open_fds);
  read(json, "max_fds", process.max_fds);
}

std::string to_json(const Status& status) {
  const Json json = {{"version", status.version},
                     {"revision", status.revision},
                     {"uptime_s", status.uptime_s},
                     {"ready", status.problems.empty()},
                     {"problems", status.problems},
                     {"notes", status.notes},
                     {"config_reload_ok", status.config_reload_ok},
                     {"window_s", status.window_s},
                     {"targets", status.targets},
                     {"attachments", status.attachments},
                     {"groups", status.groups},
                     {"accounts", status.accounts},
                     {"series_in_use", status.series_in_use},
                     {"series_overflow", status.series_overflow},
                     {"programs", status.programs},
                     {"map_bytes", status.map_bytes},
                     {"process", status.process},
                     {"open_entrypoint_connections", status.open_entrypoint_connections},
                     {"open_mongo_connections", status.open_mongo_connections}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Status> parse_status(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("version") || !json.contains("targets")) {
    return fail("the answer is no status of an mme-agent (does another program listen there?)");
  }
  Status status;
  try {
    read(json, "version", status.version);
    read(json, "revision", status.revision);
    read(json, "uptime_s", status.uptime_s);
    read(json, "problems", status.problems);
    read(json, "notes", status.notes);
    read(json, "config_reload_ok", status.config_reload_ok);
    read(json, "window_s", status.window_s);
    read(json, "targets", status.targets);
    read(json, "attachments", status.attachments);
    read(json, "groups", status.groups);
    read(json, "accounts", status.accounts);
    read(json, "series_in_use", status.series_in_use);
    read(json, "series_overflow", status.series_overflow);
    read(json, "programs", status.programs);
    read(json, "map_bytes", status.map_bytes);
    read(json, "process", status.process);
    read(json, "open_entrypoint_connections", status.open_entrypoint_connections);
    read(json, "open_mongo_connections", status.open_mongo_connections);
  } catch (const Json::exception& error) {  // a field of another type
    return fail(std::string("the answer is no status of an mme-agent: ") + error.what());
  }
  return status;
}

}  // namespace mme

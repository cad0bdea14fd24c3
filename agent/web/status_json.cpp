// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "web/status.h"

namespace mme {
namespace {

using Json = nlohmann::json;

template <typename Object, typename Member>
struct Field {
  const char* name;
  Member Object::*member;
};
template <typename Object, typename Member>
Field(const char*, Member Object::*) -> Field<Object, Member>;

// The fields of a type, for both directions.
template <typename Object>
constexpr std::nullptr_t kFields = nullptr;

template <>
constexpr std::tuple kFields<GroupKey> = {
    Field{"kind", &GroupKey::kind},
    Field{"target", &GroupKey::target},
    Field{"name", &GroupKey::name},
};

template <>
constexpr std::tuple kFields<GroupFigures> = {
    Field{"requests", &GroupFigures::requests},
    Field{"errors", &GroupFigures::errors},
    Field{"requests_per_second", &GroupFigures::requests_per_second},
    Field{"errors_per_second", &GroupFigures::errors_per_second},
    Field{"mean_s", &GroupFigures::mean_s},
    Field{"p50_s", &GroupFigures::p50_s},
    Field{"p95_s", &GroupFigures::p95_s},
    Field{"p99_s", &GroupFigures::p99_s},
};

template <>
constexpr std::tuple kFields<LearntName> = {
    Field{"kind", &LearntName::kind},
    Field{"of", &LearntName::of},
    Field{"name", &LearntName::name},
    Field{"source", &LearntName::source},
};

template <>
constexpr std::tuple kFields<TargetState> = {
    Field{"kind", &TargetState::kind},
    Field{"name", &TargetState::name},
    Field{"up", &TargetState::up},
    Field{"pid", &TargetState::pid},
    Field{"cgroup", &TargetState::cgroup},
    Field{"listeners", &TargetState::listeners},
    Field{"problem", &TargetState::problem},
    Field{"names", &TargetState::names},
    Field{"server_status", &TargetState::server_status},
    Field{"replica_set", &TargetState::replica_set},
    Field{"role", &TargetState::role},
    Field{"me", &TargetState::me},
    Field{"role_note", &TargetState::role_note},
};

template <>
constexpr std::tuple kFields<Attachment> = {
    Field{"target", &Attachment::target},     Field{"hook", &Attachment::hook},   Field{"cgroup", &Attachment::cgroup},
    Field{"attached", &Attachment::attached}, Field{"error", &Attachment::error},
};

template <>
constexpr std::tuple kFields<ProtocolAccount> = {
    Field{"bytes_seen", &ProtocolAccount::bytes_seen},
    Field{"bytes_parsed", &ProtocolAccount::bytes_parsed},
    Field{"bytes_skipped", &ProtocolAccount::bytes_skipped},
    Field{"messages_skipped", &ProtocolAccount::messages_skipped},
};

template <>
constexpr std::tuple kFields<ProgramCost> = {
    Field{"program", &ProgramCost::program},
    Field{"run_time_ns", &ProgramCost::run_time_ns},
    Field{"run_count", &ProgramCost::run_count},
    Field{"verified_instructions", &ProgramCost::verified_instructions},
};

template <>
constexpr std::tuple kFields<ProcessUsage> = {
    Field{"cpu_seconds", &ProcessUsage::cpu_seconds},
    Field{"start_time_seconds", &ProcessUsage::start_time_seconds},
    Field{"resident_bytes", &ProcessUsage::resident_bytes},
    Field{"virtual_bytes", &ProcessUsage::virtual_bytes},
    Field{"open_fds", &ProcessUsage::open_fds},
    Field{"max_fds", &ProcessUsage::max_fds},
};

template <>
constexpr std::tuple kFields<Status> = {
    Field{"version", &Status::version},
    Field{"revision", &Status::revision},
    Field{"uptime_s", &Status::uptime_s},
    Field{"problems", &Status::problems},
    Field{"notes", &Status::notes},
    Field{"config_reload_ok", &Status::config_reload_ok},
    Field{"window_s", &Status::window_s},
    Field{"targets", &Status::targets},
    Field{"attachments", &Status::attachments},
    Field{"groups", &Status::groups},
    Field{"accounts", &Status::accounts},
    Field{"series_in_use", &Status::series_in_use},
    Field{"series_overflow", &Status::series_overflow},
    Field{"programs", &Status::programs},
    Field{"map_bytes", &Status::map_bytes},
    Field{"process", &Status::process},
    Field{"open_entrypoint_connections", &Status::open_entrypoint_connections},
    Field{"open_mongo_connections", &Status::open_mongo_connections},
};

template <typename Object>
concept Described = !std::same_as<decltype(kFields<Object>), const std::nullptr_t>;

template <typename Value>
void write(Json& json, const char* key, const Value& value) {
  json[key] = value;
}

void write(Json& json, const char* key, const std::optional<double>& value) {
  json[key] = value ? Json(*value) : Json(nullptr);
}

// Missing or null: `value` keeps its default.
template <typename Value>
void read(const Json& json, const char* key, Value& value) {
  const auto found = json.find(key);
  if (found != json.end() && !found->is_null()) found->get_to(value);
}

void read(const Json& json, const char* key, std::optional<double>& value) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_number()) value = found->get<double>();
}

}  // namespace

// nlohmann's hooks: found by argument-dependent lookup, so they live beside their types.
template <Described Object>
static void to_json(Json& json, const Object& object) {
  std::apply([&](const auto&... field) { (write(json, field.name, object.*field.member), ...); }, kFields<Object>);
}

template <Described Object>
static void from_json(const Json& json, Object& object) {
  std::apply([&](const auto&... field) { (read(json, field.name, object.*field.member), ...); }, kFields<Object>);
}

static void to_json(Json& json, GroupKind kind) {
  json = to_string(kind);
}

static void from_json(const Json& json, GroupKind& kind) {
  for (const GroupKind one :
       {GroupKind::entrypoint, GroupKind::route, GroupKind::router, GroupKind::upstream, GroupKind::mongo}) {
    if (json.get<std::string>() == to_string(one)) kind = one;
  }
}

// The key's fields stand beside the figures.
static void to_json(Json& json, const GroupStatus& group) {
  to_json(json, group.key);
  json["window"] = group.window;
  json["total"] = group.total;
}

static void from_json(const Json& json, GroupStatus& group) {
  from_json(json, group.key);
  read(json, "window", group.window);
  read(json, "total", group.total);
}

std::string to_json(const Status& status) {
  Json json = status;
  json["ready"] = status.problems.empty();
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Status> parse_status(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("version") || !json.contains("targets")) {
    return fail("the answer is no status of an mme-agent (does another program listen there?)");
  }
  try {
    return json.get<Status>();
  } catch (const Json::exception& error) {  // a field of another type
    return fail(std::string("the answer is no status of an mme-agent: ") + error.what());
  }
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "config/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace mme {
namespace {

constexpr int64_t kPidMax = 4194304;  // PID_MAX_LIMIT of the kernel
constexpr int64_t kPortMax = 65535;
constexpr size_t kPathBytesMax = 4096;

constexpr KnownKey kTargetsKeys[] = {{"traefik"}, {"mongod"}};
constexpr KnownKey kTraefikKeys[] = {{"process"}, {"pid"},         {"cgroup"},   {"name"},
                                     {"ports"},   {"entrypoints"}, {"services"}, {"api"}};
constexpr KnownKey kMongodKeys[] = {{"process"}, {"pid"}, {"cgroup"}, {"name"}, {"ports"}, {"uri_file"}, {"uri_env"}};

std::optional<uint16_t> read_port(Reader& reader, const Cursor& value) {
  const auto port = reader.whole_number(value, 1, kPortMax);
  if (!port) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

std::vector<uint16_t> read_ports(Reader& reader, const Cursor& list) {
  std::map<uint16_t, int> line_of;
  const auto items = reader.items(list, "ports");
  if (!items) return {};
  if (items->empty()) reader.error(list, "is empty", "name a port, or leave the key out to observe them all");
  for (const Cursor& item : *items) {
    const auto port = read_port(reader, item);
    if (!port) continue;
    const auto [first, inserted] = line_of.try_emplace(*port, item.at.line);
    if (!inserted) {
      reader.error(item, fmt::format("{} is listed twice, first on line {}", *port, first->second),
                   "remove one of them");
    }
  }
  std::vector<uint16_t> ports;
  for (const auto& [port, line] : line_of) ports.push_back(port);
  return ports;
}

std::map<std::string, uint16_t> read_entrypoints(Reader& reader, const Cursor& map,
                                                 const std::vector<uint16_t>& ports) {
  std::map<std::string, uint16_t> entrypoints;
  std::map<uint16_t, std::string> name_of;
  for (const auto& [name, value] : reader.members(map)) {
    if (name.empty() || !is_printable_text(name)) {
      reader.error_at(value.key_at, value.path, "is no name for an entrypoint", "expected text such as websecure");
      continue;
    }
    const auto port = read_port(reader, value);
    if (!reader.label(value, name) || !port) continue;
    const auto [first, inserted] = name_of.try_emplace(*port, name);
    if (!inserted) {
      reader.error(value, fmt::format("{} has two names, {} and {}", *port, in_quotes(first->second), in_quotes(name)),
                   "a port is one entrypoint");
    } else if (!ports.empty() && !std::binary_search(ports.begin(), ports.end(), *port)) {
      reader.error(value, fmt::format("{} is not among the ports of this target", *port), "add it to ports");
    } else {
      entrypoints.emplace(name, *port);
    }
  }
  return entrypoints;
}

// A server as Traefik has it, "http://10.0.0.5:8000", or its address alone.
bool is_server(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    const std::string_view before = text.substr(0, scheme);
    if (before != "http" && before != "https" && before != "h2c") return false;
    text.remove_prefix(scheme + 3);
    return !text.substr(0, text.find_first_of("/?#")).empty();
  }
  return parse_listen_address(text).has_value() && !text.starts_with(':');
}

std::map<std::string, std::vector<std::string>> read_services(Reader& reader, const Cursor& map) {
  std::map<std::string, std::vector<std::string>> services;
  for (const auto& [name, value] : reader.members(map)) {
    if (name.empty() || !is_printable_text(name)) {
      reader.error_at(value.key_at, value.path, "is no name for a service", "expected text such as mme-tagging@docker");
      continue;
    }
    const auto items = reader.items(value, "servers");
    if (!reader.label(value, name) || !items) continue;
    if (items->empty()) reader.error(value, "is empty", "name a server such as 10.0.0.5:8000");
    for (const Cursor& item : *items) {
      const auto text = reader.text(item, "a server such as 10.0.0.5:8000 or http://10.0.0.5:8000");
      if (!text) continue;
      if (is_server(*text)) {
        services[name].push_back(*text);
      } else {
        reader.error(item, in_quotes(*text) + " is no server",
                     "expected IP:PORT or a URL such as http://10.0.0.5:8000");
      }
    }
  }
  return services;
}

std::string read_api(Reader& reader, const Cursor& value) {
  constexpr std::string_view what = "the address of Traefik's API such as http://127.0.0.1:9000";
  const auto text = reader.text(value, what);
  if (!text) return {};
  constexpr std::string_view scheme = "http://";
  std::string_view address = *text;
  if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
  while (address.ends_with('/')) address.remove_suffix(1);
  if (text->starts_with(scheme) && parse_listen_address(address) && !address.starts_with(':')) return *text;
  reader.error(value, in_quotes(*text) + " is no such address", fmt::format("expected {}", what));
  return {};
}

UriSource uri_source(const Cursor& value) {
  UriSource source;
  source.line = value.at.line;
  source.column = value.at.column;
  source.key = value.path;
  return source;
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), is_part);
}

// Only where it stands: reading it is not for a pure function. What is wrong is not quoted: it may be the URI itself.
std::optional<UriSource> read_uri(Reader& reader, const Cursor& target, const Members& keys) {
  const Cursor* file = find(keys, "uri_file");
  const Cursor* env = find(keys, "uri_env");
  if (file == nullptr && env == nullptr) return std::nullopt;
  if (file != nullptr && env != nullptr) {
    reader.error(target, "says twice where its URI is: uri_file, uri_env", "expected one of them");
    return std::nullopt;
  }
  const Cursor& value = file != nullptr ? *file : *env;
  const std::string_view what = file != nullptr ? "the absolute path of a file that has the URI"
                                                : "the name of a variable of the agent's environment that has the URI";
  UriSource source = uri_source(value);
  (file != nullptr ? source.file : source.env) = reader.text(value, what).value_or("");
  if (source.file.empty() && source.env.empty()) return std::nullopt;  // text() has said so
  if (file != nullptr && !source.file.starts_with('/')) {
    reader.error(value, "is no absolute path", fmt::format("expected {}", what));
  } else if (env != nullptr && !is_variable_name(source.env)) {
    reader.error(value, "is no name of a variable", fmt::format("expected {}", what));
  }
  return source;
}

std::optional<TargetSelector> read_process(Reader& reader, const Cursor& value) {
  constexpr std::string_view what = "the name of an executable such as traefik, without its path";
  auto name = reader.text(value, what);
  if (!name) return std::nullopt;
  if (name->find('/') == std::string::npos) return ByProcess{std::move(*name)};
  reader.error(value, in_quotes(*name) + " is a path", fmt::format("expected {}", what));
  return std::nullopt;
}

bool is_cgroup_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kPathBytesMax) return false;
  if (path == "/") return true;
  // The mount point differs between hosts and is found by the agent.
  if (path == "/sys/fs/cgroup" || path.starts_with("/sys/fs/cgroup/")) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

std::optional<TargetSelector> read_cgroup(Reader& reader, const Cursor& value) {
  constexpr std::string_view what = "a path below the cgroup v2 mount such as /system.slice/traefik.service";
  auto path = reader.text(value, what);
  if (!path) return std::nullopt;
  if (path->size() > 2 && path->ends_with('/')) path->pop_back();
  if (is_cgroup_path(*path)) return ByCgroup{std::move(*path)};
  reader.error(value, in_quotes(*path) + " is no such path", fmt::format("expected {}", what));
  return std::nullopt;
}

std::optional<TargetSelector> read_pid(Reader& reader, const Cursor& value) {
  const auto pid = reader.whole_number(value, 1, kPidMax);
  if (!pid) return std::nullopt;
  return ByPid{static_cast<pid_t>(*pid)};
}

// Where each selector and name was first given: two targets may not claim the same process.
struct Claims {
  std::map<std::string, int> selectors;  // "pid 5" → line, 0: by default
  std::map<std::string, int> names;
};

std::string claim(const TargetSelector& selector) {
  if (const auto* process = std::get_if<ByProcess>(&selector)) return "process " + process->name;
  if (const auto* pid = std::get_if<ByPid>(&selector)) return fmt::format("pid {}", pid->pid);
  return "cgroup " + std::get<ByCgroup>(selector).path;
}

void read_selector(Reader& reader, const Cursor& target, const Members& keys, Claims& claims, TargetConfig& into) {
  constexpr std::string_view kinds[] = {"process", "pid", "cgroup"};
  std::string given;
  const Cursor* value = nullptr;
  std::optional<TargetSelector> selector;
  int count = 0;
  for (const std::string_view kind : kinds) {
    const Cursor* one = find(keys, kind);
    if (one == nullptr) continue;
    given += (count++ == 0 ? "" : ", ") + std::string(kind);
    value = one;
    selector = kind == "process" ? read_process(reader, *one)
               : kind == "pid"   ? read_pid(reader, *one)
                                 : read_cgroup(reader, *one);
  }
  if (count != 1) {
    reader.error(target, count == 0 ? "does not say which process" : "says more than once which process: " + given,
                 "expected exactly one of process, pid, cgroup");
    return;
  }
  if (!selector) return;
  into.selector = *selector;
  const auto [first, inserted] = claims.selectors.try_emplace(claim(*selector), value->at.line);
  if (inserted) return;
  if (first->second == 0) {
    reader.error(*value, in_quotes(std::get<ByProcess>(*selector).name) + " is observed as the other kind by default",
                 "give both targets.traefik and targets.mongod");
  } else {
    reader.error(*value, fmt::format("is the same as on line {}", first->second), "two targets cannot be one process");
  }
}

TargetConfig read_target(Reader& reader, const Cursor& target, TargetKind kind, Claims& claims) {
  TargetConfig result;
  result.kind = kind;
  const bool traefik = kind == TargetKind::traefik;
  const Members keys = traefik ? reader.members(target, kTraefikKeys) : reader.members(target, kMongodKeys);
  const bool is_map = target.node->kind == NodeKind::map || target.node->kind == NodeKind::null;
  if (!is_map) return result;  // members() has said so
  read_selector(reader, target, keys, claims, result);
  if (const Cursor* value = find(keys, "name")) {
    const auto text = reader.text(*value, "a name for the label target");
    const auto name = text ? reader.label(*value, *text) : std::nullopt;
    if (name) {
      result.name = *name;
      const auto [first, inserted] = claims.names.try_emplace(*name, value->at.line);
      if (!inserted) {
        reader.error(*value,
                     fmt::format("{} is the name of a target on line {} already", in_quotes(*name), first->second),
                     "give each its own");
      }
    }
  }
  if (const Cursor* value = find(keys, "ports")) result.ports = read_ports(reader, *value);
  if (const Cursor* value = find(keys, "entrypoints")) {
    result.entrypoints = read_entrypoints(reader, *value, result.ports);
  }
  if (const Cursor* value = find(keys, "services")) result.services = read_services(reader, *value);
  if (const Cursor* value = find(keys, "api")) result.api = read_api(reader, *value);
  if (!traefik) result.uri = read_uri(reader, target, keys);
  return result;
}

std::string_view key_of(TargetKind kind) {
  return kind == TargetKind::traefik ? "traefik" : "mongod";
}

}  // namespace

void read_targets(Reader& reader, const Cursor& targets, Config& config) {
  const Members keys = reader.members(targets, kTargetsKeys);
  const std::vector<TargetConfig> defaults = std::move(config.targets);
  config.targets.clear();
  Claims claims;
  // A kind that is not mentioned keeps its default; an empty list switches it off.
  for (const TargetConfig& standard : defaults) {
    if (find(keys, key_of(standard.kind)) == nullptr) claims.selectors.emplace(claim(standard.selector), 0);
  }
  for (const TargetConfig& standard : defaults) {
    const Cursor* list = find(keys, key_of(standard.kind));
    if (list == nullptr) {
      config.targets.push_back(standard);
      continue;
    }
    const auto items = reader.items(*list, "targets");
    if (!items) continue;
    for (const Cursor& item : *items) config.targets.push_back(read_target(reader, item, standard.kind, claims));
  }
}

}  // namespace mme

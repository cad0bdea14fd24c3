// SPDX-License-Identifier: Apache-2.0
// Answers for each JSON line of the standard input which router Traefik chooses, so that a test can compare with a
// real Traefik:
//   route_tool --static FILE --dynamic FILE          from Traefik's own files
//   route_tool --static FILE --rawdata FILE          from what /api/rawdata said; the static file gives the entrypoints
//   route_tool --pid PID                             from all that the process reads
//   route_tool … --docker FILE                       and from containers, a JSON list of what the engine says of each
// With --dump yes it prints the routers and services as JSON instead.
// A line: {"entrypoint": "web", "client": "127.0.0.1", "head": hexadecimal of the bytes of the head}
// An answer: {"outcome": "matched", "router": "a@file", "service": "b@file", "parents": [], "reason": ""}
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "traefik/api.h"
#include "traefik/docker.h"
#include "traefik/dynamic.h"
#include "traefik/loader.h"
#include "traefik/resolve.h"
#include "traefik/routing_table.h"
#include "traefik/static.h"

namespace mme::traefik {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <typename T>
T value_or_exit(tl::expected<T, Diagnostics> result) {
  if (result) return std::move(*result);
  for (const auto& diagnostic : result.error()) std::cerr << to_string(diagnostic) << '\n';
  std::exit(1);
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

std::string_view name_of(Route::Outcome outcome) {
  switch (outcome) {
    case Route::Outcome::matched:
      return "matched";
    case Route::Outcome::unmatched:
      return "unmatched";
    case Route::Outcome::refused:
      return "refused";
    case Route::Outcome::unknown:
      return "unknown";
  }
  return "";
}

Route find(const RoutingTable& table, const nlohmann::json& line) {
  auto head = parse_request_head(from_hex(line.at("head").get<std::string>()));
  if (!head) {
    Route route;
    route.outcome = Route::Outcome::refused;
    route.reason = head.error();
    return route;
  }
  head->client_ip = line.at("client").get<std::string>();
  return table.find(line.at("entrypoint").get<std::string>(), *head);
}

StaticConfiguration static_configuration(const std::map<std::string, std::string>& options) {
  if (options.contains("--pid")) return value_or_exit(load_static(std::stoi(options.at("--pid"))));
  const auto& path = options.at("--static");
  return value_or_exit(parse_static_file(contents(path), format_of(path).value_or(FileFormat::yaml),
                                         {SourceKind::static_config, path, 0}));
}

Configuration configuration(const std::map<std::string, std::string>& options) {
  std::vector<Configuration> sources;
  if (options.contains("--rawdata")) {
    const auto& path = options.at("--rawdata");
    sources.push_back(value_or_exit(parse_rawdata(contents(path), {SourceKind::api, path, 0})));
  }
  const StaticConfiguration fixed = static_configuration(options);
  sources.push_back(internal_configuration(fixed));
  if (options.contains("--dynamic")) {
    const auto& file = options.at("--dynamic");
    sources.push_back(value_or_exit(
        parse_dynamic(contents(file), format_of(file).value_or(FileFormat::yaml), {SourceKind::file, file, 0})));
  } else if (options.contains("--pid") && fixed.file) {
    const auto files = ProcessFiles::open(std::stoi(options.at("--pid")));
    if (!files) throw std::runtime_error(files.error());
    sources.push_back(value_or_exit(load_files(*fixed.file, *files).configuration));
  }
  if (options.contains("--docker")) {
    std::vector<DockerContainer> containers;
    for (const auto& container : nlohmann::json::parse(contents(options.at("--docker")))) {
      containers.push_back(value_or_exit(parse_container(container.dump(), {SourceKind::docker, "", 0})));
    }
    sources.push_back(docker_configuration(containers, fixed.docker.value_or(DockerProvider{}), ""));
  }
  return resolved(merged(std::move(sources)));
}

nlohmann::json dump(const Configuration& all) {
  nlohmann::json out = {{"entrypoints", nlohmann::json::object()},
                        {"routers", nlohmann::json::object()},
                        {"services", nlohmann::json::object()}};
  for (const auto& [name, entrypoint] : all.entrypoints) out["entrypoints"][name] = entrypoint.address;
  for (const auto& [name, router] : all.routers) {
    out["routers"][name] = {{"rule", router.rule},
                            {"service", router.service},
                            {"entryPoints", router.entrypoints},
                            {"priority", effective_priority(router)},
                            {"tls", router.tls}};
  }
  for (const auto& [name, service] : all.services) {
    out["services"][name] = {{"type", to_string(service.type)}, {"servers", service.servers}};
  }
  return out;
}

int run(const std::map<std::string, std::string>& options) {
  const Configuration all = configuration(options);
  for (const auto& diagnostic : all.diagnostics) std::cerr << to_string(diagnostic) << '\n';
  if (options.contains("--dump")) {
    std::cout << dump(all).dump() << '\n';
    return 0;
  }
  const RoutingTable table(all);
  for (const auto& problem : table.problems()) std::cerr << to_string(problem) << '\n';
  for (std::string line; std::getline(std::cin, line);) {
    const Route route = find(table, nlohmann::json::parse(line));
    const nlohmann::json answer = {{"outcome", name_of(route.outcome)},
                                   {"router", route.router},
                                   {"service", route.service},
                                   {"parents", route.parents},
                                   {"reason", route.reason}};
    std::cout << answer.dump() << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace mme::traefik

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (!options.contains("--static") && !options.contains("--pid")) {
    std::cerr << "usage: route_tool --static FILE | --pid PID [--dynamic FILE] [--rawdata FILE] [--docker FILE] "
                 "[--dump yes] < heads.jsonl\n";
    return 2;
  }
  return mme::traefik::run(options);
}

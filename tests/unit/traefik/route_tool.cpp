// SPDX-License-Identifier: Apache-2.0
// Answers for each JSON line of the standard input which router Traefik chooses, so that a test can compare with a
// real Traefik:
//   route_tool --static FILE --dynamic FILE          from Traefik's own files
//   route_tool --static FILE --rawdata FILE          from what /api/rawdata said; the static file gives the entrypoints
// A line: {"entrypoint": "web", "client": "127.0.0.1", "head": hexadecimal of the bytes of the head}
// An answer: {"outcome": "matched", "router": "a@file", "service": "b@file", "parents": [], "reason": ""}
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "traefik/api.h"
#include "traefik/dynamic.h"
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

int run(const std::map<std::string, std::string>& options) {
  std::vector<Configuration> sources;
  if (options.contains("--rawdata")) {
    const auto& path = options.at("--rawdata");
    sources.push_back(value_or_exit(parse_rawdata(contents(path), {SourceKind::api, path, 0})));
  }
  const auto& path = options.at("--static");
  const auto configured = parse_static_file(contents(path), format_of(path).value_or(FileFormat::yaml),
                                            {SourceKind::static_config, path, 0});
  sources.push_back(internal_configuration(value_or_exit(configured)));
  if (options.contains("--dynamic")) {
    const auto& file = options.at("--dynamic");
    sources.push_back(value_or_exit(
        parse_dynamic(contents(file), format_of(file).value_or(FileFormat::yaml), {SourceKind::file, file, 0})));
  }
  const RoutingTable table(resolved(merged(std::move(sources))));
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
  if (!options.contains("--static")) {
    std::cerr << "usage: route_tool --static FILE [--dynamic FILE] [--rawdata FILE] < heads.jsonl\n";
    return 2;
  }
  return mme::traefik::run(options);
}

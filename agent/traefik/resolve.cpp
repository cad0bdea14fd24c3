// SPDX-License-Identifier: Apache-2.0
#include "traefik/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "traefik/dynamic.h"

namespace mme::traefik {
namespace {

constexpr std::string_view kInternalEntrypoint = "traefik";

// getDefaultsEntrypoints
std::vector<std::string> default_entrypoints(const Configuration& configuration) {
  const auto& all = configuration.entrypoints;
  const bool chosen = std::any_of(all.begin(), all.end(), [](const auto& entry) { return entry.second.as_default; });
  std::vector<std::string> out;
  for (const auto& [name, entrypoint] : all) {
    if ((chosen && !entrypoint.as_default) || entrypoint.udp || name == kInternalEntrypoint) continue;
    out.push_back(name);
  }
  return out;
}

// entryPointModels
bool has_model(const Entrypoint& entrypoint, const Configuration& configuration) {
  return !entrypoint.middlewares.empty() || entrypoint.tls || entrypoint.observability ||
         !configuration.default_rule_syntax.empty();
}

}  // namespace

Configuration merged(std::vector<Configuration> sources) {
  Configuration out;
  bool api = false;
  for (auto& source : sources) {
    if (api) {
      source.routers.clear();
      source.services.clear();
      source.middlewares.clear();
      source.servers_transports.clear();
      source.tcp_routers.clear();
      source.unread.clear();
    }
    api = api || std::any_of(source.routers.begin(), source.routers.end(),
                             [](const auto& entry) { return entry.second.source.kind == SourceKind::api; });
    // No word about it: sources are meant to overlap.
    for (const auto& [name, router] : out.routers) source.routers.erase(name);
    add_missing(out, std::move(source));
  }
  return out;
}

// mergeConfiguration and applyModel of pkg/server
Configuration resolved(Configuration configuration) {
  const auto defaults = default_entrypoints(configuration);
  if (const auto anywhere = configuration.tcp_routers.extract(std::string()); !anywhere.empty()) {
    for (const auto& entrypoint : defaults) configuration.tcp_routers.emplace(entrypoint, anywhere.mapped());
  }
  std::map<std::string, Router, std::less<>> routers;
  std::map<std::string, std::vector<std::string>> renamed;
  for (auto& [name, router] : configuration.routers) {
    if (router.source.kind == SourceKind::api || !router.parents.empty()) {
      routers.insert_or_assign(name, std::move(router));
      continue;
    }
    if (router.entrypoints.empty()) router.entrypoints = defaults;
    if (!router.default_rule && router.rule_syntax.empty()) router.rule_syntax = configuration.default_rule_syntax;
    const auto entrypoints = std::exchange(router.entrypoints, {});
    for (const auto& entrypoint : entrypoints) {
      const auto found = configuration.entrypoints.find(entrypoint);
      if (found == configuration.entrypoints.end() || !has_model(found->second, configuration)) {
        router.entrypoints.push_back(entrypoint);
        continue;
      }
      Router copy = router;
      copy.entrypoints = {entrypoint};
      copy.tls = copy.tls || found->second.tls;
      copy.metrics = copy.metrics.value_or(found->second.metrics);
      copy.middlewares.insert(copy.middlewares.begin(), found->second.middlewares.begin(),
                              found->second.middlewares.end());
      if (entrypoints.size() > 1) {
        copy.name = fmt::format("{}-{}", entrypoint, name);
        renamed[name].push_back(copy.name);
      }
      routers.insert_or_assign(copy.name, std::move(copy));
    }
    // One on no entrypoint at all stays, to be reported.
    if (!router.entrypoints.empty() || entrypoints.empty()) routers.insert_or_assign(name, std::move(router));
  }
  for (auto& [name, router] : routers) {
    if (router.parents.empty() || router.source.kind == SourceKind::api) continue;
    std::vector<std::string> parents;
    for (const auto& parent : router.parents) {
      if (routers.contains(parent)) parents.push_back(parent);
      const auto names = renamed.find(parent);
      if (names != renamed.end()) parents.insert(parents.end(), names->second.begin(), names->second.end());
    }
    // Without a parent it can never be reached; it must not become a root.
    if (!parents.empty()) router.parents = std::move(parents);
  }
  configuration.routers = std::move(routers);
  return configuration;
}

}  // namespace mme::traefik

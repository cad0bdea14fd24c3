// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules.h"

#include <variant>

namespace mme {
namespace {

struct Select {
  TargetRule& rule;

  // The kind's own name is the default of a file that does not speak of the kind: its absence is no problem.
  void operator()(const ByProcess& by) const {
    if (by.name != kind_name(rule.kind)) rule.process = by.name;
  }
  void operator()(const ByPid& by) const { rule.pid = by.pid; }
  void operator()(const ByCgroup& by) const { rule.cgroup = by.path; }
};

TargetRule target_rule(const TargetConfig& config) {
  TargetRule rule;
  rule.kind = config.kind;
  rule.name = config.name;
  rule.ports = config.ports;
  for (const auto& [name, port] : config.entrypoints) rule.entrypoints[port] = name;
  std::visit(Select{rule}, config.selector);
  return rule;
}

}  // namespace

std::vector<TargetRule> target_rules(const Config& config) {
  std::vector<TargetRule> rules;
  for (const TargetConfig& target : config.targets) rules.push_back(target_rule(target));
  return rules;
}

std::vector<traefik::GivenNames> given_names(const Config& config) {
  std::vector<traefik::GivenNames> names;
  for (const TargetConfig& target : config.targets) names.push_back({target.services, target.api});
  return names;
}

std::vector<traefik::OperatorRoute> operator_routes(const Config& config) {
  std::vector<traefik::OperatorRoute> routes;
  for (const RouteConfig& route : config.routes) routes.push_back({route.name, route.method, route.path, route.prefix});
  return routes;
}

ObserverSettings observer_settings(const Config& config) {
  return {.bounds_s = config.histogram_bounds_s,
          .series_per_family = config.series_per_family,
          .connections = config.connections};
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/direct_services.h"

#include <algorithm>
#include <iterator>

namespace mme {
namespace {

constexpr int kParentsMax = 16;  // in a row; more are a circle

// Entrypoints' middlewares are the first of their routers'.
bool is_intercepted(const traefik::Configuration& configuration, const traefik::Router& router, int depth = 0) {
  if (!router.middlewares.empty() || depth >= kParentsMax) return true;
  return std::any_of(router.parents.begin(), router.parents.end(), [&](const std::string& name) {
    const auto parent = configuration.routers.find(name);
    return parent != configuration.routers.end() && is_intercepted(configuration, parent->second, depth + 1);
  });
}

}  // namespace

Services direct_services(const traefik::Configuration& configuration) {
  if (!configuration.unread.empty()) return {};
  Services direct, others;
  for (const auto& [name, router] : configuration.routers) {
    if (router.disabled.value_or(false)) continue;
    const std::vector<std::string> balancers = load_balancers(configuration, router.service);
    const bool alone = balancers.size() == 1 && !is_intercepted(configuration, router);
    (alone ? direct : others).insert(balancers.begin(), balancers.end());
  }
  std::erase_if(direct, [&](const std::string& service) { return others.contains(service); });
  return direct;
}

std::vector<std::string> those_of(const std::vector<std::string>& services, const Services& direct) {
  std::vector<std::string> result;
  std::copy_if(services.begin(), services.end(), std::back_inserter(result),
               [&](const std::string& service) { return direct.contains(service); });
  return result;
}

}  // namespace mme

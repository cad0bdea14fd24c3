// SPDX-License-Identifier: Apache-2.0
#include "traefik/own_metrics.h"

#include <fmt/format.h>

namespace mme::traefik {

std::optional<OwnMetrics> own_metrics(const StaticConfiguration& configuration) {
  const auto& given = configuration.prometheus;
  if (!given) return std::nullopt;
  OwnMetrics metrics;
  metrics.source = given->source;
  if (given->manual_routing) return metrics;
  metrics.entrypoint = given->entrypoint;
  const auto entrypoint = configuration.entrypoints.find(given->entrypoint);
  if (entrypoint != configuration.entrypoints.end()) metrics.port = entrypoint->second.port;
  return metrics;
}

std::string where(const OwnMetrics& metrics) {
  const std::string source = to_string(metrics.source);
  if (metrics.entrypoint.empty()) return fmt::format("by a router of its own (manualRouting; {})", source);
  if (metrics.port == 0) return fmt::format("on entrypoint {} ({})", metrics.entrypoint, source);
  return fmt::format("on entrypoint {} (:{}; {})", metrics.entrypoint, metrics.port, source);
}

}  // namespace mme::traefik

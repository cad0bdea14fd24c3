// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "traefik/model.h"
#include "traefik/static.h"

namespace mme::traefik {

// Prometheus metrics that a Traefik serves itself: with the agent's traefik_* families, sums count twice.
struct OwnMetrics {
  std::string entrypoint;  // "metrics"; empty: a router of the operator's leads there (manualRouting)
  uint16_t port = 0;       // of the entrypoint; 0: not known
  Source source;           // what switches them on

  bool operator==(const OwnMetrics&) const = default;
};

// Nothing: they are off.
[[nodiscard]] std::optional<OwnMetrics> own_metrics(const StaticConfiguration& configuration);

// "on entrypoint metrics (:8082; static /etc/traefik/traefik.yml:12)"
[[nodiscard]] std::string where(const OwnMetrics& metrics);

}  // namespace mme::traefik

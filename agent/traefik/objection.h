// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "traefik/model.h"

namespace mme::traefik {

using Objections = std::optional<Objection>;

// Traefik refuses it.
[[nodiscard]] inline Objections refused(std::string reason) {
  return Objection{true, std::move(reason)};
}

// Only Traefik can judge it.
[[nodiscard]] inline Objections undecided(std::string reason) {
  return Objection{false, std::move(reason)};
}

// What is certain hides what is not; else the first stays.
inline void weigh(Objections& into, Objections more) {
  if (more && (!into || (more->certain && !into->certain))) into = std::move(more);
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "traefik/model.h"

namespace mme::traefik {

// What vulcand/predicate does with an expression of a circuit breaker (oxy/v2/cbreaker/predicates.go) or of a retry
// (oxy/v2/buffer/threshold.go). Its grammar is that of Go's expressions, of which only this much is judged: calls of
// known functions with plain literals, comparisons, && and ||, brackets.
enum class PredicateKind : uint8_t { circuit_breaker, retry };
[[nodiscard]] std::optional<Objection> predicate_objection(std::string_view expression, PredicateKind kind);

}  // namespace mme::traefik

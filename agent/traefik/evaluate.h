// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "traefik/request.h"
#include "traefik/rule.h"

namespace mme::traefik {

enum class Verdict : uint8_t { no, yes, unknown };

struct Evaluation {
  Verdict verdict = Verdict::no;
  std::string_view reason;  // of unknown: what was missing

  bool operator==(const Evaluation&) const = default;
};

// Does the rule match? Unknown only where what is known of the request does not decide: `Host(a) && Header(…)` is no
// on another host, however much of the head was cut off.
[[nodiscard]] Evaluation evaluate(const RuleNode& rule, const RequestView& request);

}  // namespace mme::traefik

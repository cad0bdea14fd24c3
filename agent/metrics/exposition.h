// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "metrics/snapshot.h"

namespace mme {

// Which families one address serves. The families of the agent itself are in each; those of them that have a part for
// each protocol, kind or family show the parts of the subset, so that no sum over the two subsets counts twice.
enum class Subset : uint8_t { all, traefik, mongodb };

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

// What a scrape is answered with: families() as text(). Takes the snapshot, to free it before the text grows: with
// every family full each of the two has more than ten megabytes.
[[nodiscard]] std::string exposition(Snapshot snapshot, Subset subset);

}  // namespace mme

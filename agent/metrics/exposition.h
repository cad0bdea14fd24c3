// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "metrics/snapshot.h"

namespace mme {

// Which families one address serves. The families of the agent itself are in each; those of them that have a part for
// each protocol, kind or family show the parts of the subset, so that no sum over the two subsets counts twice.
enum class Subset : uint8_t { all, traefik, mongodb };

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

// Takes a text piece by piece; false: no more of it is wanted.
using TextSink = std::function<bool(std::string_view)>;

// A text that is made while it is taken. False where the sink was.
using TextSource = std::function<bool(const TextSink&)>;

// What a scrape is answered with: all families of docs/metrics.md that the snapshot fills, in a fixed order, no two
// samples with the same labels. Targets are no label: series that differ by their target alone are merged. With every
// family full it has fifteen megabytes, of which one piece at a time is in memory.
[[nodiscard]] TextSource exposition(Snapshot snapshot, Subset subset);

// All pieces in one.
[[nodiscard]] std::string whole(const TextSource& source);

}  // namespace mme

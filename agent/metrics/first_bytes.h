// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/links.h"
#include "metrics/snapshot.h"
#include "mme/abi.h"

namespace mme {

// One entry of the first_bytes map.
struct RawFirstBytes {
  mme_link_key key{};
  mme_first_bytes times{};
  std::optional<LinkNames> settled = {};  // as in RawLink
};

// Times to the first byte of replies, of each entrypoint and each upstream server. The kernel tells apart only the
// replies that came in several segments: of all others the time is the duration. An exchange may be among the durations
// a moment before it is among those, and its sum would then go down: what was shown once is kept.
class FirstBytes {
 public:
  // `raw` was read before the durations.
  [[nodiscard]] std::vector<HttpSeries> entrypoints(const std::vector<HttpSeries>& durations,
                                                    const std::vector<RawFirstBytes>& raw,
                                                    const ResolveContext& context);
  [[nodiscard]] std::vector<HttpSeries> upstreams(const std::vector<HttpSeries>& durations,
                                                  const std::vector<RawFirstBytes>& raw, const ResolveContext& context);

 private:
  [[nodiscard]] std::vector<HttpSeries> series(uint8_t role, const std::vector<HttpSeries>& durations,
                                               const std::vector<RawFirstBytes>& raw, const ResolveContext& context);

  std::map<std::pair<uint8_t, LinkNames>, uint64_t> shown_ns_;  // sums
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/first_bytes.h"

#include <algorithm>

#include "metrics/resolve.h"

namespace mme {
namespace {

// Takes the replies from where they ended to where they began.
void move(Latency& latency, const mme_first_bytes& times) {
  for (size_t i = 0; i < latency.bounds.size() && i <= MME_BOUNDS_MAX; ++i) {
    latency.bounds[i] += times.first[i];
    latency.bounds[i] -= std::min<uint64_t>(latency.bounds[i], times.last[i]);
  }
  latency.sum_ns += times.first_ns;
  latency.sum_ns -= std::min<uint64_t>(latency.sum_ns, times.last_ns);
}

}  // namespace

std::vector<HttpSeries> FirstBytes::series(uint8_t role, const std::vector<HttpSeries>& durations,
                                           const std::vector<RawFirstBytes>& raw, const ResolveContext& context) {
  std::map<LinkNames, Latency> all;
  for (const HttpSeries& one : durations) add(all[{one.name, one.url}], one.latency);
  for (const RawFirstBytes& one : raw) {
    if (one.key.role != role) continue;
    const auto known = all.find(one.settled ? *one.settled : link_names(context, one.key));
    if (known != all.end()) move(known->second, one.times);
  }
  std::vector<HttpSeries> result;
  for (auto& [labels, latency] : all) {
    uint64_t& shown = shown_ns_[{role, labels}];
    shown = std::max(shown, latency.sum_ns);
    latency.sum_ns = shown;
    HttpSeries& one = result.emplace_back();
    one.name = labels.first;
    one.url = labels.second;
    one.latency = std::move(latency);
  }
  return result;
}

std::vector<HttpSeries> FirstBytes::entrypoints(const std::vector<HttpSeries>& durations,
                                                const std::vector<RawFirstBytes>& raw, const ResolveContext& context) {
  return series(MME_ROLE_ENTRYPOINT, durations, raw, context);
}

std::vector<HttpSeries> FirstBytes::upstreams(const std::vector<HttpSeries>& durations,
                                              const std::vector<RawFirstBytes>& raw, const ResolveContext& context) {
  return series(MME_ROLE_UPSTREAM, durations, raw, context);
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "metrics/unanswered.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/raw_bytes.h"
#include "metrics/resolve.h"

namespace mme {
namespace {

constexpr std::string_view kAmbiguous = "ambiguous";

bool is_of_one_server(uint16_t code) {
  return code == 499 || code == 502 || code == 504;
}

uint64_t failures(const mme_link& link) {
  return std::accumulate(std::begin(link.failures), std::end(link.failures), uint64_t{0});
}

uint64_t aborts(const mme_link& link) {
  return std::accumulate(std::begin(link.aborted), std::end(link.aborted), uint64_t{0});
}

// Replies of servers of `services` that Traefik may have passed on as `key`.
uint64_t answers(const KernelSnapshot& raw, const ResolveContext& context, const mme_series_key& key,
                 const std::vector<std::string>& services) {
  uint64_t count = 0;
  for (const RawSeries& series : raw.series) {
    const mme_series_key& one = series.key;
    if (one.family != MME_FAMILY_UPSTREAM || one.target != key.target || one.code != key.code ||
        one.method != key.method || one.variant != key.variant) {
      continue;
    }
    if (std::find(services.begin(), services.end(), http_labels(context, one).name) != services.end()) {
      count += series.latency.count();
    }
  }
  return count;
}

// Shares of `count` in proportion to weights that are not all 0; their sum is `count`.
std::vector<uint64_t> proportional(uint64_t count, const std::vector<uint64_t>& weights) {
  std::vector<uint64_t> shares;
  uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  for (const uint64_t weight : weights) {
    const uint64_t share = total == 0 ? 0 : (count * weight + total / 2) / total;
    shares.push_back(std::min(share, count));
    count -= shares.back();
    total -= weight;
  }
  return shares;
}

uint64_t fraction(uint64_t of, uint64_t count, uint64_t total) {
  return static_cast<uint64_t>(static_cast<double>(of) * static_cast<double>(count) / static_cast<double>(total));
}

}  // namespace

std::vector<RawSeries> split(const RawSeries& series, const std::vector<uint64_t>& counts) {
  const uint64_t total = series.latency.count();
  RawSeries rest = series;
  std::vector<RawSeries> parts;
  for (const uint64_t count : counts) {
    RawSeries part{.key = series.key, .latency = {}, .request_bytes = 0, .response_bytes = 0};
    part.latency.bounds.resize(series.latency.bounds.size());
    uint64_t wanted = count;
    for (size_t i = 0; i < rest.latency.bounds.size(); ++i) {
      const uint64_t taken = std::min(wanted, rest.latency.bounds[i]);
      part.latency.bounds[i] = taken;
      rest.latency.bounds[i] -= taken;
      wanted -= taken;
    }
    wanted = count;
    for (Latency::Bucket& bucket : rest.latency.buckets) {
      const uint64_t taken = std::min(wanted, bucket.count);
      if (taken > 0) part.latency.buckets.push_back({bucket.index, taken});
      bucket.count -= taken;
      wanted -= taken;
    }
    if (total > 0) {
      part.latency.sum_ns = fraction(series.latency.sum_ns, count, total);
      part.request_bytes = fraction(series.request_bytes, count, total);
      part.response_bytes = fraction(series.response_bytes, count, total);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

Unanswered::SignsByService Unanswered::new_signs(const std::vector<RawLink>& links, const ResolveContext& context) {
  SignsByService fresh;
  for (const RawLink& one : links) {
    if (one.key.role != MME_ROLE_UPSTREAM || one.key.target == 0) continue;
    mme_link& before = seen_links_[raw_bytes(one.key)];
    const uint64_t unconnected = failures(one.link) - failures(before), broken_off = aborts(one.link) - aborts(before);
    before = one.link;
    if (unconnected == 0 && broken_off == 0) continue;
    Signs& signs = fresh[{one.key.target, link_names(context, one.key).first}];
    signs.unconnected += unconnected;
    signs.broken_off += broken_off;
  }
  return fresh;
}

// A server that takes no connection gives a 502; who leaves, or waits no longer, breaks off what was begun.
std::vector<uint64_t*> Unanswered::signs_of(const mme_series_key& key, const std::vector<std::string>& services) {
  std::vector<uint64_t*> unconnected, broken_off;
  for (const std::string& service : services) {
    Signs& signs = signs_[{key.target, service}];
    unconnected.push_back(&signs.unconnected);
    broken_off.push_back(&signs.broken_off);
  }
  auto& likely = key.code == 502 ? unconnected : broken_off;
  auto& else_likely = key.code == 502 ? broken_off : unconnected;
  return std::any_of(likely.begin(), likely.end(), [](const uint64_t* sign) { return *sign > 0; }) ? likely
                                                                                                   : else_likely;
}

void Unanswered::share_out(const RawSeries& failures, uint64_t answered, const std::vector<std::string>& services,
                           double now_s) {
  const std::string key = raw_bytes(failures.key);
  Seen& seen = seen_[key];
  RawSeries since = failures;
  subtract(since, seen.shared_out);
  const uint64_t count = since.latency.count();
  answered = std::min(count, answered - std::min(answered, seen.answered));
  uint64_t rest = count - answered;

  const std::vector<uint64_t*> signs = signs_of(failures.key, services);
  std::vector<uint64_t> weights;
  for (const uint64_t* sign : signs) weights.push_back(*sign);
  const uint64_t seen_signs = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  if (seen_signs > rest) {  // health checks of a server that is down fail as well, now and then
    const uint64_t most = *std::max_element(weights.begin(), weights.end());
    std::replace_if(
        weights.begin(), weights.end(), [most](uint64_t weight) { return weight * 10 < most; }, 0);
  }
  const bool has_waited = seen.waits_since_s && now_s - *seen.waits_since_s >= kWaitS;
  // connections older than the agent give no sign when they end
  const bool others_are_known = has_waited && seen.latest_s > *seen.waits_since_s - kWaitS;
  if (seen_signs == 0 && others_are_known) weights = seen.latest;
  std::vector<uint64_t> shares = proportional(has_waited ? rest : std::min(rest, seen_signs), weights);
  for (size_t i = 0; i < shares.size(); ++i) {
    *signs[i] -= std::min(*signs[i], shares[i]);
    rest -= shares[i];
  }
  if (rest < count - answered) {
    if (seen.latest.empty() || now_s - seen.latest_s > kWaitS) seen.latest.assign(services.size(), 0);
    for (size_t i = 0; i < shares.size(); ++i) seen.latest[i] += shares[i];
    seen.latest_s = now_s;
  }
  const bool waits = rest > 0 && !has_waited;
  if (!waits)
    seen.waits_since_s.reset();
  else if (!seen.waits_since_s)
    seen.waits_since_s = now_s;
  shares.push_back(waits ? 0 : rest);  // ambiguous
  shares.push_back(answered);
  const std::vector<RawSeries> parts = split(since, shares);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (shares[i] == 0) continue;
    add(seen.shared_out, parts[i]);
    if (i > services.size()) continue;
    const std::string service = i == services.size() ? std::string(kAmbiguous) : services[i];
    const auto [share, is_new] = shares_.try_emplace({service, key}, RawUnanswered{service, parts[i]});
    if (!is_new) add(share->second.series, parts[i]);
  }
  seen.answered += answered;
}

// What is older than the last time says nothing of failures to come.
void Unanswered::age_signs(double now_s) {
  for (auto& [service, signs] : signs_) {
    signs.unconnected = std::min(signs.unconnected, fresh_[service].unconnected);
    signs.broken_off = std::min(signs.broken_off, fresh_[service].broken_off);
  }
  fresh_.clear();
  aged_s_ = now_s;
}

void Unanswered::add_to(KernelSnapshot& raw, const ResolveContext& context) {
  for (const auto& [service, signs] : new_signs(raw.links, context)) {
    for (SignsByService* all : {&signs_, &fresh_}) {
      (*all)[service].unconnected += signs.unconnected;
      (*all)[service].broken_off += signs.broken_off;
    }
  }
  for (const RawSeries& series : raw.series) {
    if (series.key.family != MME_FAMILY_ENTRYPOINT || !is_of_one_server(series.key.code)) continue;
    const std::vector<std::string>& services = route_labels(context, series.key.route).services;
    if (services.size() > 1) share_out(series, answers(raw, context, series.key, services), services, raw.monotonic_s);
  }
  if (raw.monotonic_s - aged_s_ >= kWaitS) age_signs(raw.monotonic_s);
  for (const auto& [key, share] : shares_) raw.unanswered.push_back(share);
}

}  // namespace mme

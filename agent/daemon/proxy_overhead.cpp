// SPDX-License-Identifier: Apache-2.0
#include "daemon/proxy_overhead.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/names.h"

namespace mme {
namespace {

constexpr uint16_t kClientClosedRequest = 499;

// Traefik answers these itself.
bool is_internal(const RouteLabels& route) {
  constexpr std::string_view kInternal = "@internal";
  return std::all_of(route.routers.begin(), route.routers.end(),
                     [&](const RouterLabels& one) { return one.service.ends_with(kInternal); });
}

}  // namespace

// Which servers can be those of a route, as far as Traefik's configuration is known: as it is, and as it was until
// lately. A request goes by the one that it met.
class ProxyOverhead::ServersOf {
 public:
  ServersOf(const Target& target, const std::vector<std::string>& services)
      : names_{target.names.get(), target.names_before.get()}, services_(services) {}

  [[nodiscard]] bool may_have(const std::string& address) const {
    if (services_.empty()) return true;
    bool is_known = false;
    for (const ServerNames* names : names_) {
      const auto known = names->find(address);
      if (known == names->end()) continue;
      if (is_of_any(known->second)) return true;
      is_known = true;
    }
    return !is_known &&
           std::any_of(services_.begin(), services_.end(), [this](const auto& one) { return !knows(one); });
  }

 private:
  [[nodiscard]] static bool is_of(const ServerName& server, const std::string& service) {
    return server.service == service ||
           std::find(server.services.begin(), server.services.end(), service) != server.services.end();
  }
  [[nodiscard]] bool is_of_any(const ServerName& server) const {
    return std::any_of(services_.begin(), services_.end(), [&](const auto& one) { return is_of(server, one); });
  }
  [[nodiscard]] bool knows(const std::string& service) const {
    return std::any_of(names_.front()->begin(), names_.front()->end(),
                       [&](const auto& server) { return is_of(server.second, service); });
  }

  std::array<const ServerNames*, 2> names_;
  const std::vector<std::string>& services_;
};

void ProxyOverhead::begin(uint64_t now_ns) {
  forget(now_ns);
  until_ns_ = UINT64_MAX;
}

void ProxyOverhead::forget(uint64_t now_ns) {
  since_ns_ = now_ns;
  for (auto& [id, target] : targets_) {
    for (const Leg& request : target.requests) {
      if (request.waits) give_up(request);
    }
    target.requests.clear();
    target.upstreams.clear();
    target.forgotten_ns = 0;
  }
}

void ProxyOverhead::add(const mme_route_exchange& exchange) {
  const mme_series_key& key = exchange.key;
  const bool is_upstream = key.family == MME_FAMILY_UPSTREAM;
  if (!is_upstream) longest_ns_ = std::max<uint64_t>(longest_ns_, exchange.duration_ns);
  Leg leg;
  leg.started_ns = exchange.ended_ns - exchange.duration_ns;
  leg.ended_ns = exchange.ended_ns;
  leg.request_bytes = exchange.request_bytes;
  leg.code = key.code;
  leg.route = key.route;
  leg.method = key.method;
  if (leg.started_ns <= since_ns_ || key.code == kClientClosedRequest) return;
  if (is_upstream) leg.server = address_text({key.name[0], key.name[1]}, key.port);
  Target& target = targets_[key.target];
  (is_upstream ? target.upstreams : target.requests).push_back(std::move(leg));
}

void ProxyOverhead::join(const ResolveContext& context, uint64_t now_ns) {
  static const ResolveTarget kUnnamed;
  for (auto& [id, target] : targets_) {
    const auto names = context.targets.find(id);
    rename(target, (names == context.targets.end() ? kUnnamed : names->second).servers, now_ns);
    join(target, context, now_ns);
    expire(target, now_ns);
  }
}

void ProxyOverhead::rename(Target& target, const std::shared_ptr<const ServerNames>& names, uint64_t now_ns) {
  if (!target.names) target.names = names;
  if (*target.names != *names) {
    target.names_before = std::exchange(target.names, names);
    target.renamed_ns = now_ns;
  }
  if (!target.names_before || target.renamed_ns + kKeepNs < now_ns) target.names_before = target.names;
}

LegCandidates ProxyOverhead::candidates(const Leg& request, const std::vector<Leg>& upstreams,
                                        const ServersOf& servers) {
  LegCandidates found;
  const auto first = std::lower_bound(upstreams.begin(), upstreams.end(), request.started_ns,
                                      [](const Leg& leg, uint64_t ns) { return leg.ended_ns < ns; });
  for (auto at = first; at != upstreams.end() && at->ended_ns <= request.ended_ns; ++at) {
    if (at->started_ns < request.started_ns || at->method != request.method || !servers.may_have(at->server)) continue;
    const auto index = static_cast<size_t>(at - upstreams.begin());
    found.within.push_back(index);
    if (at->code == request.code && at->request_bytes == request.request_bytes) found.suiting.push_back(index);
  }
  return found;
}

// Of each request; those that have none are dropped.
std::vector<LegCandidates> ProxyOverhead::take_candidates(Target& target, const ResolveContext& context) {
  std::vector<LegCandidates> all;
  std::erase_if(target.requests, [&](Leg& request) {
    if (request.started_ns <= target.forgotten_ns) return true;
    const RouteLabels& route = route_labels(context, request.route);
    LegCandidates found;
    if (!is_internal(route)) found = candidates(request, target.upstreams, {target, route.services});
    request.waits = !found.suiting.empty();  // else no server was asked, or over a connection that is not understood
    if (request.waits) all.push_back(std::move(found));
    return !request.waits;
  });
  return all;
}

void ProxyOverhead::join(Target& target, const ResolveContext& context, uint64_t now_ns) {
  std::sort(target.upstreams.begin(), target.upstreams.end(), ends_earlier);
  std::sort(target.requests.begin(), target.requests.end(), ends_earlier);
  const std::vector<LegCandidates> candidates = take_candidates(target, context);
  std::vector<bool> doubtful;
  doubtful.reserve(target.upstreams.size());
  for (const Leg& leg : target.upstreams) doubtful.push_back(leg.doubtful);

  const std::vector<std::vector<size_t>> possible = match_legs(candidates, doubtful);
  for (size_t i = 0; i < possible.size(); ++i) {
    Leg& request = target.requests[i];
    if (!possible[i].empty()) {
      observe(request, possible[i], target.upstreams);
      request.done = target.upstreams[possible[i].front()].done = true;
    } else if (request.ended_ns + kWaitNs < now_ns) {
      give_up(request);
      request.done = true;
      for (const size_t upstream : candidates[i].suiting) target.upstreams[upstream].doubtful = true;
    }
  }
  std::erase_if(target.requests, [](const Leg& leg) { return leg.done; });
  std::erase_if(target.upstreams, [](const Leg& leg) { return leg.done; });
}

void ProxyOverhead::observe(const Leg& request, const std::vector<size_t>& possible,
                            const std::vector<Leg>& upstreams) {
  if (request.started_ns > until_ns_) return;
  const auto overhead_ns = [&](size_t upstream) { return duration_ns(request) - duration_ns(upstreams[upstream]); };
  const uint64_t taken_ns = overhead_ns(possible.front());
  const bool is_known = std::all_of(possible.begin(), possible.end(), [&](size_t upstream) {
    return NetworkTimes::bucket(overhead_ns(upstream)) == NetworkTimes::bucket(taken_ns);
  });
  RawOverhead& counted = overhead(request.route);
  counted.times.add(taken_ns);
  if (!is_known) counted.ambiguous++;
}

void ProxyOverhead::give_up(const Leg& request) {
  if (request.started_ns <= until_ns_) overhead(request.route).ambiguous++;
}

void ProxyOverhead::expire(Target& target, uint64_t now_ns) {
  const auto take_old = [now_ns](std::vector<Leg>& legs, uint64_t kept_ns, auto take) {
    const size_t surplus = legs.size() > kLegsMax ? legs.size() - kLegsMax : 0;
    const auto kept = std::find_if(legs.begin() + static_cast<ptrdiff_t>(surplus), legs.end(),
                                   [&](const Leg& leg) { return leg.ended_ns + kept_ns >= now_ns; });
    std::for_each(legs.begin(), kept, take);
    legs.erase(legs.begin(), kept);
  };
  take_old(target.upstreams, kKeepNs,
           [&](const Leg& leg) { target.forgotten_ns = std::max(target.forgotten_ns, leg.started_ns); });
  take_old(target.requests, kWaitNs, [this](const Leg& leg) { give_up(leg); });
}

RawOverhead& ProxyOverhead::overhead(uint16_t route) {
  const bool is_full = overheads_.size() >= routes_max_ && !overheads_.contains(route);
  const uint16_t counted = is_full ? static_cast<uint16_t>(MME_ROUTE_OTHER) : route;
  RawOverhead& found = overheads_[counted];
  found.route = counted;
  return found;
}

std::vector<RawOverhead> ProxyOverhead::overheads() const {
  std::vector<RawOverhead> all;
  all.reserve(overheads_.size());
  for (const auto& [route, overhead] : overheads_) all.push_back(overhead);
  return all;
}

}  // namespace mme

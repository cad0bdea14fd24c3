// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/leg_matching.h"
#include "metrics/http_labels.h"
#include "metrics/overhead_series.h"
#include "mme/abi.h"

namespace mme {

// What Traefik itself needs for a request: how long it took on the entrypoint, less how long the upstream server took.
// No byte says which two legs are one request, but the upstream leg lies within the other in time, has its method, code
// and body, and goes to a server of its service. What follows from that for all requests together, match_legs() says,
// where a leg of another code or body may be a request's too: a middleware asks more than once, or changes the code.
// What is uncertain is counted as ambiguous and not observed. Requests that may have each other's legs, and no others,
// are observed as one assignment has it, so their sum is right; those that may belong in another bucket are ambiguous.
class ProxyOverhead {
 public:
  // Requests of more than `routes_max` routes are counted as MME_ROUTE_OTHER.
  explicit ProxyOverhead(uint32_t routes_max) : routes_max_(routes_max) {}

  static constexpr uint64_t kWaitNs = 2'000'000'000;   // of a request for others to end
  static constexpr uint64_t kKeepNs = 10'000'000'000;  // of an upstream leg whose request may still be on its way
  static constexpr size_t kLegsMax = 1024;             // of a target that wait, of each kind

  // Every exchange that began later than `now_ns`, CLOCK_MONOTONIC, will be added when it has ended; of the earlier
  // ones some are missing.
  void begin(uint64_t now_ns);
  // Those that begin later than `now_ns` are not observed; their legs are needed all the same.
  void end(uint64_t now_ns) { until_ns_ = now_ns; }
  // As begin(), but does not end what end() began. UINT64_MAX: none will be added.
  void forget(uint64_t now_ns);
  void add(const mme_route_exchange& leg);
  // Joins what was added; the upstream leg of a request has been added no later than the request itself.
  void join(const ResolveContext& context, uint64_t now_ns);

  // The longest exchange on an entrypoint that was added since the last call, whenever it began.
  [[nodiscard]] uint64_t take_longest_ns() { return std::exchange(longest_ns_, 0); }
  [[nodiscard]] std::vector<RawOverhead> overheads() const;

 private:
  struct Leg {
    uint64_t started_ns = 0;
    uint64_t ended_ns = 0;
    uint64_t request_bytes = 0;
    uint16_t code = 0;
    uint16_t route = 0;  // of the entrypoint's
    uint8_t method = 0;
    bool done = false;
    bool waits = false;     // a request that has candidates
    bool doubtful = false;  // a leg that may be of a request which is gone
    std::string server;     // "10.0.0.5:8000"
  };
  struct Target {
    std::vector<Leg> requests;  // on entrypoints
    std::vector<Leg> upstreams;
    uint64_t forgotten_ns = 0;  // when the latest upstream leg began that was dropped
    std::shared_ptr<const ServerNames> names, names_before;
    uint64_t renamed_ns = 0;
  };
  class ServersOf;

  static bool ends_earlier(const Leg& a, const Leg& b) { return a.ended_ns < b.ended_ns; }
  static uint64_t duration_ns(const Leg& leg) { return leg.ended_ns - leg.started_ns; }
  [[nodiscard]] static LegCandidates candidates(const Leg& request, const std::vector<Leg>& upstreams,
                                                const ServersOf& servers);
  static void rename(Target& target, const std::shared_ptr<const ServerNames>& names, uint64_t now_ns);

  void join(Target& target, const ResolveContext& context, uint64_t now_ns);
  [[nodiscard]] static std::vector<LegCandidates> take_candidates(Target& target, const ResolveContext& context);
  void observe(const Leg& request, const std::vector<size_t>& possible, const std::vector<Leg>& upstreams);
  void give_up(const Leg& request);
  void expire(Target& target, uint64_t now_ns);
  [[nodiscard]] RawOverhead& overhead(uint16_t route);

  uint32_t routes_max_;
  uint64_t since_ns_ = UINT64_MAX;
  uint64_t until_ns_ = UINT64_MAX;
  uint64_t longest_ns_ = 0;
  std::map<uint16_t, Target> targets_;         // by id
  std::map<uint16_t, RawOverhead> overheads_;  // by route
};

}  // namespace mme

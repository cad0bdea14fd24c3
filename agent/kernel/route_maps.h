// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "mme/abi.h"

struct bpf_map;

namespace mme {

// What the rules of one port compare paths with.
struct RoutePort {
  uint16_t port = 0;
  uint8_t flags = 0;                  // enum mme_route_rule_flag
  uint32_t first_number = 0;          // of literals[0]; the others follow
  std::vector<std::string> literals;  // the empty one first; of at most MME_ROUTE_BYTES
};

// The maps in which the programs look up where a request goes.
class RouteMaps {
 public:
  RouteMaps(const bpf_map* literals, const bpf_map* classes) : literals_(literals), classes_(classes) {}

  // Puts a target's ports in place of those that it had. Where the error says that literals found no room, a path may
  // be found under a shorter literal than its own: then fewer are to be set.
  [[nodiscard]] Result<> set(uint16_t target, const std::vector<RoutePort>& ports);
  [[nodiscard]] Result<> answer(const mme_route_class& kind, uint16_t route);

 private:
  using Keys = std::set<std::string>;  // struct mme_route_prefix by bytes

  const bpf_map* literals_;
  const bpf_map* classes_;
  std::map<uint16_t, Keys> written_;  // by target
};

}  // namespace mme

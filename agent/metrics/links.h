// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/http_labels.h"
#include "mme/abi.h"

namespace mme {

// Whether a server of a service takes connections.
struct ServerUp {
  std::string service;
  std::string url;
  bool up = false;

  auto operator<=>(const ServerUp&) const = default;
};

// Service and URL of a server, name of an entrypoint; of mongod nothing.
using LinkNames = std::pair<std::string, std::string>;

[[nodiscard]] LinkNames link_names(const ResolveContext& context, const mme_link_key& key);

// One entry of the links map.
struct RawLink {
  mme_link_key key{};
  mme_link link{};
  std::optional<LinkNames> settled = {};  // the names under which it was counted, if not those of now
};

// Round trips or connection set-ups.
struct NetworkTimes {
  std::array<uint64_t, MME_NETWORK_BOUNDS + 1> counts{};  // by mme_network_bound_index(), not cumulative
  uint64_t sum_us = 0;

  [[nodiscard]] uint64_t count() const;
};

// What TCP says of the connections of all targets, by labels.
struct Links {
  using Labels = LinkNames;
  struct Server {
    NetworkTimes connects;
    std::array<uint64_t, MME_CONNECT_FAILURES> failures{};
    bool last_failed = false;  // the latest attempt to connect
    bool current = false;      // it has these names now
  };
  struct Connections {
    NetworkTimes rtts;
    uint64_t retransmits = 0;
  };
  std::map<Labels, Server> servers;       // by service and URL
  std::map<Labels, Connections> by_role;  // by role and target
  std::map<Labels, uint64_t> aborted;     // by leg and reason
};
// Adds the servers of which Traefik's API says nothing: by the latest attempt to connect. Ascending, as `said`.
[[nodiscard]] std::vector<ServerUp> servers_up(std::vector<ServerUp> said, const Links& links);

[[nodiscard]] Links resolve_links(const std::vector<RawLink>& raw, const ResolveContext& context);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/network_times.h"
#include "mme/abi.h"

namespace mme {

struct RawSeries;

// Whether a server of a service takes connections.
struct ServerUp {
  std::string service;
  std::string url;
  bool up = false;

  auto operator<=>(const ServerUp&) const = default;
};

// Service and URL of a server, name of an entrypoint; of mongod nothing.
using LinkNames = std::pair<std::string, std::string>;

// The address itself stands where a name should: ":8080", "10.0.0.5:8000".
[[nodiscard]] bool is_unnamed(const LinkNames& names);

[[nodiscard]] LinkNames link_names(const ResolveContext& context, const mme_link_key& key);

// Of what found no room under its own names.
[[nodiscard]] LinkNames rest_names(uint8_t role);

// One entry of the links map.
struct RawLink {
  mme_link_key key{};
  mme_link link{};
  std::optional<LinkNames> settled = {};  // the names under which it was counted, if not those of now
};

// What TCP says of the connections of all targets, by labels.
struct Links {
  using Labels = LinkNames;
  struct Server {
    NetworkTimes connects;
    std::array<uint64_t, MME_CONNECT_FAILURES> failures{};
  };
  struct Connections {
    NetworkTimes rtts;
    uint64_t retransmits = 0;
  };
  std::map<Labels, Server> servers;  // by service and URL
  // By the names of now: whether the latest attempt to connect to each address failed. "localhost" is ::1 as well.
  std::map<Labels, bool> last_failed;
  std::map<Labels, Connections> by_role;  // by role and target
  std::map<Labels, uint64_t> aborted;     // by leg and reason
};
// Servers that have answered anything, also on connections that are older than the agent.
[[nodiscard]] std::set<LinkNames> answering_servers(const std::vector<RawSeries>& series,
                                                    const ResolveContext& context);

// Adds the servers of which Traefik's API says nothing: by the latest attempt to connect; without one those of
// `answering` are up. Ascending, as `said`.
[[nodiscard]] std::vector<ServerUp> servers_up(std::vector<ServerUp> said, const Links& links,
                                               const std::set<LinkNames>& answering);

[[nodiscard]] Links resolve_links(const std::vector<RawLink>& raw, const ResolveContext& context);

}  // namespace mme

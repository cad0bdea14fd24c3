// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traefik/model.h"
#include "traefik/own_metrics.h"

namespace mme::traefik {

inline constexpr std::string_view kAmbiguous = "ambiguous";  // several services have the server

// Whose connections go to an address.
struct NamedServer {
  std::string service;                // with its provider, "mme-tagging@docker"; or kAmbiguous
  std::string url;                    // as configured, "http://10.0.0.5:8000"
  std::vector<std::string> services;  // of kAmbiguous: which ones, sorted
  Source source;

  bool operator==(const NamedServer&) const = default;
};

// What the labels of one Traefik are made of, and whether it has metrics of its own.
struct Names {
  struct NamedPort {
    std::string name;
    Source source;

    bool operator==(const NamedPort&) const = default;
  };
  std::map<uint16_t, NamedPort> entrypoints;
  std::map<std::string, NamedServer> servers;  // by "10.0.0.5:8000", "[::1]:80"
  // Health by service and URL, where Traefik's API says it.
  std::map<std::string, std::map<std::string, bool>> servers_up;
  std::optional<OwnMetrics> own_metrics;  // nothing: off, or not known
  std::vector<std::string> problems;      // a sentence each

  bool operator==(const Names&) const = default;
};

// Addresses of a host's name, numeric: "127.0.0.1", "::1". None: it is not known.
using HostAddresses = std::function<std::vector<std::string>(std::string_view host)>;

// Takes a configuration after `resolved` (resolve.h). A server belongs to the service for which the agent's own
// configuration names it, else to those that routers lead to, else to any.
[[nodiscard]] Names names_of(const Configuration& configuration, const HostAddresses& addresses);

// Routers that Traefik leaves out or that cannot be evaluated: a sentence each, the first twenty and how many more.
[[nodiscard]] std::vector<std::string> routing_problems(const Configuration& configuration);

// Entries of a hosts file (hosts(5)), by name in lower case.
[[nodiscard]] std::map<std::string, std::vector<std::string>, std::less<>> parse_hosts(std::string_view text);

}  // namespace mme::traefik

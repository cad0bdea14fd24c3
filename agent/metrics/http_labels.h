// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mme/abi.h"

namespace mme {

// Whose connections go to an address.
struct ServerName {
  std::string service;                     // "mme-tagging@docker", "ambiguous"
  std::string url;                         // as Traefik has it
  std::vector<std::string> services = {};  // of "ambiguous": which ones; else empty
  std::vector<std::string> direct = {};    // those of `services` that alone answer what reaches them, by the rules now

  bool operator==(const ServerName&) const = default;
};
using ServerNames = std::map<std::string, ServerName>;  // by "10.0.0.5:8000"

// What the agent knows of a target id in series keys; ids of vanished targets stay known.
struct ResolveTarget {
  std::string name;                             // Target::name
  std::map<uint16_t, std::string> entrypoints;  // of Traefik: label by port, all its listeners; else ":PORT"
  std::shared_ptr<const ServerNames> servers = std::make_shared<ServerNames>();
};

struct RouterLabels {
  std::string router, service;

  auto operator<=>(const RouterLabels&) const = default;
};

// What requests of one kind are counted under, by the id in series keys. Ids are never given again.
struct RouteLabels {
  std::vector<RouterLabels> routers = {};  // all that count the request; empty: none
  std::string service = {};                // the one load balancer that answers such requests; else empty
  bool direct = false;                     // nothing but that service answers them
  std::string route = {};                  // the operator's name for it; empty: none
  std::vector<std::string> services = {};  // all load balancers that may answer such requests; empty: any

  auto operator<=>(const RouteLabels&) const = default;
};
using RouteTable = std::vector<RouteLabels>;  // by id; [0]: of MME_ROUTE_NONE, empty

struct ResolveContext {
  std::unordered_map<uint16_t, ResolveTarget> targets;
  std::shared_ptr<const RouteTable> routes = std::make_shared<const RouteTable>(1);  // never null
};

// The label `protocol` of requests that Traefik made by itself.
inline constexpr std::string_view kHealthCheck = "healthcheck";

// The labels of an HTTP series, in the order in which they are sorted: those that a scrape shows come first.
struct HttpLabels {
  std::string name;     // HttpSeries::name
  std::string service;  // of routers and of the operator's routes
  std::string url;      // of upstream servers
  std::string code, method, protocol;
  std::string leg;  // HttpSeries::leg
  std::string target;

  auto operator<=>(const HttpLabels&) const = default;
};

[[nodiscard]] HttpLabels http_labels(const ResolveContext& context, const mme_series_key& key);

// What an id stands for; one that the table does not have is a router "unknown".
[[nodiscard]] const RouteLabels& route_labels(const ResolveContext& context, uint16_t route);

// The address itself stands where a name should: ":8080", "10.0.0.5:8000".
[[nodiscard]] bool is_unnamed(const HttpLabels& labels);

// The label of an entrypoint's port; unless it has a name, ":PORT".
[[nodiscard]] std::string entrypoint_label(const ResolveContext& context, uint16_t target, uint16_t port);

[[nodiscard]] std::string target_label(const ResolveContext& context, uint16_t target);

}  // namespace mme

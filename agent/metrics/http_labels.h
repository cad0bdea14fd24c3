// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "mme/abi.h"

namespace mme {

// Whose connections go to an address.
struct ServerName {
  std::string service;  // "mme-tagging@docker", "ambiguous"
  std::string url;      // as Traefik has it

  bool operator==(const ServerName&) const = default;
};
using ServerNames = std::map<std::string, ServerName>;  // by "10.0.0.5:8000"

// What the agent knows of a target id in series keys; ids of vanished targets stay known.
struct ResolveTarget {
  std::string name;                             // Target::name
  std::map<uint16_t, std::string> entrypoints;  // of Traefik: label by port, all its listeners; else ":PORT"
  std::shared_ptr<const ServerNames> servers = std::make_shared<ServerNames>();
};

struct ResolveContext {
  std::unordered_map<uint16_t, ResolveTarget> targets;
};

// The labels of an HTTP series, in the order in which they are sorted: those that a scrape shows come first.
struct HttpLabels {
  std::string name;  // entrypoint, or service; of a server that no service is known to have "ip:port"
  std::string url;   // of upstream servers
  std::string code, method, protocol;
  std::string leg;  // entrypoint, or the server's "ip:port"
  std::string target;

  auto operator<=>(const HttpLabels&) const = default;
};

[[nodiscard]] HttpLabels http_labels(const ResolveContext& context, const mme_series_key& key);

// The address itself stands where a name should: ":8080", "10.0.0.5:8000".
[[nodiscard]] bool is_unnamed(const HttpLabels& labels);

// The label of an entrypoint's port; unless it has a name, ":PORT".
[[nodiscard]] std::string entrypoint_label(const ResolveContext& context, uint16_t target, uint16_t port);

[[nodiscard]] std::string target_label(const ResolveContext& context, uint16_t target);

}  // namespace mme

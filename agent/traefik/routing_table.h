// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "traefik/model.h"
#include "traefik/rule.h"

namespace mme::traefik {

// Where Traefik sends a request.
struct Route {
  enum class Outcome : uint8_t {
    matched,
    unmatched,  // no router: Traefik's 404
    refused,    // Traefik's HTTP server answered by itself and counted nothing
    unknown     // not decided: never a wrong name
  };
  Outcome outcome = Outcome::unmatched;
  std::string router;   // with provider, "tagging@file"
  std::string service;  // as in Traefik's router metrics; of unknown: set when every candidate has the same
  std::vector<std::string> parents;  // routers above it, from the root; Traefik counts the request for each
  std::string reason;                // of refused and unknown
  bool incomplete = false;           // of unknown: more of the request might decide

  bool operator==(const Route&) const = default;
};

// The routers of a Configuration as Traefik orders them. Immutable: any number of threads may ask.
class RoutingTable {
 public:
  // Takes a configuration after `resolved` (resolve.h). Routers that Traefik leaves out are left out, with the reason
  // among the problems.
  explicit RoutingTable(const Configuration& configuration);
  RoutingTable(RoutingTable&&) noexcept;
  RoutingTable& operator=(RoutingTable&&) noexcept;
  ~RoutingTable();

  [[nodiscard]] Route find(std::string_view entrypoint, const RequestHead& head) const;

  // For all requests without TLS of which the view says what they have in common: every one that Traefik's HTTP server
  // takes has this route, unless it is `incomplete`.
  [[nodiscard]] Route find_for_class(std::string_view entrypoint, const RequestView& common) const;

  // All rules that a request without TLS may meet on an entrypoint, of routers below others as well. They live as long
  // as the table.
  [[nodiscard]] std::vector<const RuleNode*> rules(std::string_view entrypoint) const;

  // Routers that were left out or cannot be evaluated.
  [[nodiscard]] const Diagnostics& problems() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "Host(`a`)" has 9 unless the router says otherwise.
[[nodiscard]] int64_t effective_priority(const Router& router);

}  // namespace mme::traefik

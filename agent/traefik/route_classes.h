// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "traefik/model.h"
#include "traefik/request.h"
#include "traefik/routing_table.h"
#include "traefik/rule.h"

namespace mme::traefik {

inline constexpr std::string_view kUnknown = "unknown";  // a router or service that is not decided
inline constexpr size_t kLiteralBytesMax = 64;           // longer ones are cut
inline constexpr size_t kLiteralsMax = 200;              // of a port, with ""

// A route that the operator's configuration names.
struct OperatorRoute {
  std::string name;
  std::string method;   // "POST"; empty: any
  std::string path;     // "/promote", "/memories/{id}" where {id} is one byte or more without '/', of a prefix "/api/"
  bool prefix = false;  // longer paths as well

  bool operator==(const OperatorRoute&) const = default;
};

// Labels of Traefik's router metrics.
struct RouterName {
  std::string router;
  std::string service;

  auto operator<=>(const RouterName&) const = default;
};

// What requests of one kind are counted under.
struct RouteName {
  // All that count the request, from the root; the service of a parent is "<parent>-muxer". None: a 404, refused, or
  // metrics are off. Not decided: one with the router kUnknown, and the service where every candidate has the same.
  std::vector<RouterName> routers;
  std::string service;  // the one load balancer that answers such requests; empty: none, several or not decided
  bool direct = false;  // no middleware of the entrypoint, the router or its parents can answer instead of the service
  std::string route;    // the operator's, the first that matches; empty: none, or not decided
  // All load balancers that may answer such requests, not those of mirrors; empty: not decided.
  std::vector<std::string> services = {};

  auto operator<=>(const RouteName&) const = default;
};

// How requests on one port are told apart. Those of one class have the same port, method (all that are no named method
// are one), literal, and, where `by_host`, the same host in lower case without its port.
struct PortClasses {
  uint16_t port = 0;
  bool by_host = false;  // a rule names hosts
  bool by_head = false;  // a class may need more of its requests: headers, query, client or all of the path
  std::vector<std::string> literals;  // [0] is ""; each once, ascending by bytes

  bool operator==(const PortClasses&) const = default;
};

// Is the path on the wire the one that Traefik routes by? It is not where it is decoded, cleaned or refused: with a
// '%', '#', "//", "/." or a character that a URL cannot have, and in other forms than "/…".
[[nodiscard]] bool is_plain_path(std::string_view path);

// Which router, service and operator's route a request is counted under, and whether that goes for its whole class.
// Immutable: any number of threads may ask.
class RouteClasses {
 public:
  // Takes a configuration after `resolved` (resolve.h), and the entrypoints by port; one without a name, or that the
  // configuration does not know, has the operator's routes only. A port with more than `literals_max` literals has "".
  RouteClasses(const Configuration& configuration, const std::map<uint16_t, std::string>& entrypoints,
               const std::vector<OperatorRoute>& routes, size_t literals_max = kLiteralsMax);

  [[nodiscard]] const std::vector<PortClasses>& ports() const { return classes_; }  // ascending

  struct Found {
    RouteName name;
    // Every request of the class has this name, save one whose path is not plain and one that Go's server refuses.
    bool whole_class = false;
    std::string reason;  // why the name is not decided
  };
  // Connections without TLS. A head may be cut anywhere.
  [[nodiscard]] Found find(uint16_t port, const RequestHead& head) const;

  // The longest literal that the path begins with, an index of PortClasses::literals, and whether it is all of it.
  struct PathClass {
    size_t literal = 0;
    bool exact = false;

    bool operator==(const PathClass&) const = default;
  };
  [[nodiscard]] PathClass class_of(uint16_t port, std::string_view path) const;

 private:
  struct Port {
    size_t classes = 0;      // index of classes_
    size_t told_apart = 0;   // see PathsBelow
    std::string entrypoint;  // empty: none that the table knows
    EntrypointOptions options;
  };
  struct CompiledRoute {
    std::string name;
    RuleNode rule;
  };
  // Of one request, or of all in a class.
  struct Decision {
    RouteName name;
    bool incomplete = false;  // more of the request might decide
    std::string reason;
  };

  void add_port(const Configuration& configuration, uint16_t port, const std::string& entrypoint, size_t literals_max);
  [[nodiscard]] RequestView common_view(const Port& port, const RequestView& request) const;
  [[nodiscard]] bool goes_for_all(const Port& port, const RequestHead& head, const RequestView& request,
                                  const RouteName& name) const;
  void choose_route(const RequestView& view, Decision& decision) const;
  void name_routers(const Route& route, Decision& decision) const;

  RoutingTable table_;
  std::vector<CompiledRoute> routes_;
  std::vector<PortClasses> classes_;
  std::map<uint16_t, Port> ports_;
  std::map<std::string, std::vector<std::string>, std::less<>> answering_;  // service of a router → its load balancers
  std::set<std::string, std::less<>> uncounted_;    // roots below which Traefik counts no router
  std::set<std::string, std::less<>> intercepted_;  // routers with middlewares
};

}  // namespace mme::traefik

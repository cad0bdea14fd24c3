// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "traefik/request.h"

namespace mme::traefik {

// Where a name was learnt, in the order of trust; `internal` is what follows from static_config.
enum class SourceKind : uint8_t { agent, api, static_config, internal, file, docker };
[[nodiscard]] std::string_view to_string(SourceKind kind);  // "file"

struct Source {
  SourceKind kind = SourceKind::file;
  std::string place;  // "/etc/traefik/dynamic.yml", "http://127.0.0.1:8080/api/rawdata", "container mme-tagging-1"
  int line = 0;       // from 1; 0: not a line of a file

  bool operator==(const Source&) const = default;
};
[[nodiscard]] std::string to_string(const Source& source);  // "file /etc/traefik/dynamic.yml:12"

// Something that could not be read or understood, or that Traefik itself refuses.
struct Diagnostic {
  Source source;
  std::string problem;

  bool operator==(const Diagnostic&) const = default;
};
using Diagnostics = std::vector<Diagnostic>;
[[nodiscard]] std::string to_string(const Diagnostic& diagnostic);

// Why Traefik refuses something, so that routers which need it are left out; or, not certain, why it may.
struct Objection {
  bool certain = true;
  std::string reason;

  bool operator==(const Objection&) const = default;
};

struct Entrypoint {
  std::string name;
  std::string address;  // as configured, ":80", "127.0.0.1:80/tcp"
  std::string host;     // without brackets; empty: every address
  uint16_t port = 0;
  bool udp = false;
  bool as_default = false;
  EntrypointOptions options;

  // What routers on it inherit (a model in Traefik).
  std::vector<std::string> middlewares;
  bool tls = false;
  bool observability = false;  // has settings of its own
  bool metrics = true;
  Source source;

  bool operator==(const Entrypoint&) const = default;
};

// "127.0.0.1:80/tcp" → host, port, udp. False: not an address of Traefik.
[[nodiscard]] bool set_address(Entrypoint& entrypoint, std::string_view address);

struct Router {
  std::string name;  // with its provider, "tagging@file"
  std::string rule;
  std::string rule_syntax;  // "", "default", "v2", "v3"
  bool default_rule = false;
  std::string rule_problem;  // not empty: why the rule is not known
  std::vector<std::string> entrypoints;
  std::vector<std::string> middlewares;  // as written
  std::string service;                   // with its provider
  int64_t priority = 0;                  // 0: the length of the rule
  bool tls = false;
  bool observability = false;        // has settings of its own
  std::optional<bool> metrics;       // of a root: whether Traefik counts it; nothing: as its entrypoint
  std::vector<std::string> parents;  // with provider; a child is reached through its parents only
  // What Traefik's API says; nothing where Traefik was not asked.
  std::optional<bool> disabled;
  Source source;

  bool operator==(const Router&) const = default;
};

enum class ServiceType : uint8_t {
  none,
  load_balancer,
  weighted,
  mirroring,
  failover,
  highest_random_weight,
  internal
};
[[nodiscard]] std::string_view to_string(ServiceType type);  // "loadbalancer", as Traefik's API

// A file of users that Traefik reads when it makes a middleware.
struct NeededFile {
  enum class Content : uint8_t { basic_users, digest_users };
  Content content = Content::basic_users;
  std::string path;

  bool operator==(const NeededFile&) const = default;
};

struct Middleware {
  Source source;
  std::optional<Objection> objection;        // by its definition alone
  std::vector<std::string> chain;            // other middlewares that it needs, as written
  std::optional<std::string> error_service;  // as written
  std::vector<NeededFile> files;             // not looked at yet

  bool operator==(const Middleware&) const = default;
};

struct Service {
  std::string name;  // with its provider, "mme-tagging@docker"
  ServiceType type = ServiceType::none;
  std::vector<std::string> servers;        // loadbalancer: URLs
  std::vector<std::string> children;       // others: services, with provider; the main one first
  std::map<std::string, bool> servers_up;  // by URL, from the API
  std::optional<Objection> objection;      // by its definition alone
  std::string servers_transport;           // with provider; empty: the default one
  bool health_check = false;               // without one, no service above it can follow its health
  bool follows_health = false;             // of its children
  std::optional<bool> disabled;
  Source source;

  bool operator==(const Service&) const = default;
};

// Everything that one source or all of them say.
struct Configuration {
  std::map<std::string, Entrypoint, std::less<>> entrypoints;
  std::map<std::string, Router, std::less<>> routers;
  std::map<std::string, Service, std::less<>> services;
  std::map<std::string, Middleware, std::less<>> middlewares;
  std::set<std::string, std::less<>> servers_transports;
  // Entrypoints where routers of TCP may take a connection without TLS before any HTTP router sees it.
  std::map<std::string, std::string, std::less<>> tcp_routers;  // entrypoint → router
  std::string default_rule_syntax;
  // What of Traefik's configuration could not be read, "the provider consul": routers that are not here may take
  // requests, and a name that is not here may exist all the same.
  std::vector<std::string> unread;
  Diagnostics diagnostics;

  bool operator==(const Configuration&) const = default;
};

// The load balancers behind a service, itself if it is one; each once, in order.
[[nodiscard]] std::vector<std::string> load_balancers(const Configuration& configuration, std::string_view service);

// Those of them whose reply may become the client's, ascending: not the mirrors. Empty: not all is known.
[[nodiscard]] std::vector<std::string> answering_load_balancers(const Configuration& configuration,
                                                                std::string_view service);

// "name" or "name@provider" as written by something of `provider`.
[[nodiscard]] std::string qualified(std::string_view name, std::string_view provider);
// "file" of "a@file"; of "a@b@file" it is "b", as Traefik splits such a name (provider.AddInContext).
[[nodiscard]] std::string_view provider_of(std::string_view qualified_name);

}  // namespace mme::traefik

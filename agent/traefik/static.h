// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "traefik/model.h"
#include "traefik/tree.h"

namespace mme::traefik {

struct Redirection {
  std::string to;  // an entrypoint or ":443"
  int64_t priority = 0;
};

struct FileProvider {
  std::string filename;
  std::string directory;  // wins over filename
};

struct DockerProvider {
  std::string endpoint = "unix:///var/run/docker.sock";
  bool exposed_by_default = true;
  std::string default_rule = "Host(`{{ normalize .Name }}`)";
  std::string network;
  std::string constraints;
  bool use_bind_port_ip = false;
  bool allow_empty_services = false;
};

// Traefik's own Prometheus metrics, for compat.traefik.
struct PrometheusMetrics {
  std::string entrypoint = "traefik";
  bool manual_routing = false;
  Source source;
};

// Traefik's static configuration, as far as names and routing depend on it.
struct StaticConfiguration {
  std::map<std::string, Entrypoint, std::less<>> entrypoints;
  std::map<std::string, Redirection, std::less<>> redirections;  // by entrypoint
  bool api = false;
  bool api_insecure = false;
  bool api_dashboard = true;
  bool api_debug = false;
  bool ping = false;
  bool ping_manual = false;
  std::string ping_entrypoint = "traefik";
  bool rest = false;
  bool rest_insecure = false;
  std::optional<PrometheusMetrics> prometheus;
  std::vector<std::string> acme_entrypoints;         // HTTP challenge
  std::vector<std::string> acme_bypass_entrypoints;  // with allowACMEByPass
  std::string default_rule_syntax;
  std::optional<FileProvider> file;
  std::optional<DockerProvider> docker;
  std::vector<std::string> other_providers;  // "consul": their routers are not read
  Diagnostics diagnostics;
  Source source;
};

// Where the static configuration of a process stands. Traefik takes exactly one: the file of --configFile or of a
// default place if there is one, else the arguments if there are any, else TRAEFIK_* (cmd/traefik, pkg/cli).
struct StaticPlaces {
  std::string given;               // by --configFile, the first of the files; empty: none
  std::vector<std::string> files;  // in the order in which they are tried
  bool arguments = false;          // there are flags
};
// `arguments` without the program's name; `environment` as NAME=value. Files may be relative to the working directory.
[[nodiscard]] StaticPlaces static_places(const std::vector<std::string>& arguments,
                                         const std::vector<std::string>& environment);

[[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> parse_static_file(std::string_view text, FileFormat format,
                                                                               const Source& source);
[[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> parse_static_arguments(
    const std::vector<std::string>& arguments, const Source& source);
[[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> parse_static_environment(
    const std::vector<std::string>& environment, const Source& source);

// The same of a tree; what the three above end in.
[[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> read_static(const TreeNode& root, const Source& source);

// What follows from the static configuration alone: the entrypoints, and Traefik's own routers and services
// (api@internal, ping@internal, web-to-websecure@internal, …). Providers that are not file or docker are `unread`.
[[nodiscard]] Configuration internal_configuration(const StaticConfiguration& configuration);

}  // namespace mme::traefik

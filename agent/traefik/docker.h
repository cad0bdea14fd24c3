// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "traefik/model.h"
#include "traefik/static.h"

namespace mme::traefik {

// What Traefik's Docker provider looks at of a container.
struct DockerContainer {
  struct Binding {
    std::string host_ip;
    std::string host_port;
  };

  std::string id;
  std::string name;    // "/mme-tagging-1"
  std::string status;  // "running"
  std::string health;  // "healthy"; empty: no health check
  std::map<std::string, std::string> labels;
  std::string network_mode;                           // "host", "container:ID", a network's name
  std::map<std::string, std::vector<Binding>> ports;  // "8000/tcp"
  std::map<std::string, std::string> networks;        // name → address
};

// GET /containers/json?all=true: the ids.
[[nodiscard]] tl::expected<std::vector<std::string>, Diagnostics> parse_container_list(std::string_view json,
                                                                                       const Source& source);
// GET /containers/ID/json
[[nodiscard]] tl::expected<DockerContainer, Diagnostics> parse_container(std::string_view json, const Source& source);

// The routers and services that Traefik makes of the containers' labels, names end in "@docker". A container that has
// an address in several networks, none of them chosen, has a server for each: Traefik takes one by chance.
[[nodiscard]] Configuration docker_configuration(const std::vector<DockerContainer>& containers,
                                                 const DockerProvider& provider, const std::string& place);

// "mme-tagging", or "tagging-mme" of the service tagging in the compose project mme.
[[nodiscard]] std::string docker_service_name(const DockerContainer& container);

// A default rule with its {{ }} filled in: .Name, .ContainerName, index .Labels "key", and normalize, lower, upper,
// trimPrefix, trimSuffix and replace of them. Nothing where a template does more.
[[nodiscard]] std::optional<std::string> fill_default_rule(std::string_view rule, const DockerContainer& container);

}  // namespace mme::traefik

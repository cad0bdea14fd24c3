// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "traefik/model.h"
#include "traefik/tree.h"

namespace mme::traefik {

// A file of Traefik's file provider, YAML or TOML: names end in "@file". All that is wrong with it, as far as Traefik
// refuses the file for it; a file with Go templates ("{{") is refused here, for only Traefik can execute them.
[[nodiscard]] tl::expected<Configuration, Diagnostics> parse_dynamic(std::string_view text, FileFormat format,
                                                                     const Source& source);

// What reads a tree as routers and services.
struct DynamicReading {
  std::string provider;  // "file", "docker"; empty: names have it already (the API)
  Source source;
  bool labels = false;  // label names differ: server for servers, and some services cannot be written
};

// The node `http` of any provider, and `tcp` for its routers.
void read_http(const TreeNode& http, const DynamicReading& reading, Configuration& into, Diagnostics& errors);
void read_tcp(const TreeNode& tcp, const DynamicReading& reading, Configuration& into);

// Adds what `into` does not have yet, as Traefik does with the files of a directory: the first wins.
void add_missing(Configuration& into, Configuration&& more);

}  // namespace mme::traefik

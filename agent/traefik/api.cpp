// SPDX-License-Identifier: Apache-2.0
#include "traefik/api.h"

#include <fmt/format.h>

#include <utility>

#include "traefik/dynamic.h"
#include "traefik/static.h"
#include "traefik/tree.h"

namespace mme::traefik {

tl::expected<Configuration, Diagnostics> parse_rawdata(std::string_view json, const Source& source) {
  const auto tree = read_json(json, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  if (tree->list || (tree->children.empty() && !tree->value.empty())) {
    return tl::make_unexpected(Diagnostics{{source, "the answer is no object: is this Traefik's API?"}});
  }
  Configuration configuration;
  Diagnostics errors;
  const DynamicReading reading{"", source, false};
  read_http(*tree, reading, configuration, errors);
  TreeNode tcp;
  if (const auto* routers = tree->find("tcpRouters")) {
    tcp.children.push_back(*routers);
    tcp.children.back().name = "routers";
  }
  read_tcp(tcp, reading, configuration);
  configuration.diagnostics = std::move(errors);
  return configuration;
}

tl::expected<Configuration, Diagnostics> parse_entrypoints(std::string_view json, const Source& source) {
  const auto tree = read_json(json, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  if (!tree->list) {
    return tl::make_unexpected(Diagnostics{{source, "the answer is no list: is this Traefik's API?"}});
  }
  TreeNode root;
  root.children.push_back(TreeNode::named("entryPoints"));
  for (const auto& item : tree->children) {
    if (item.text("name").empty()) continue;
    TreeNode entrypoint = item;
    entrypoint.name = item.text("name");
    root.children.back().children.push_back(std::move(entrypoint));
  }
  auto read = read_static(root, source);
  if (!read) return tl::make_unexpected(std::move(read.error()));
  Configuration configuration;
  configuration.entrypoints = std::move(read->entrypoints);
  return configuration;
}

}  // namespace mme::traefik

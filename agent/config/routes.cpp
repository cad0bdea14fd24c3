// SPDX-License-Identifier: Apache-2.0
#include "config/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mme {
namespace {

constexpr KnownKey kRouteKeys[] = {{"name"}, {"method"}, {"path"}, {"prefix"}};

// Where each name was first given.
using LineOfName = std::map<std::string, int>;

std::string read_name(Reader& reader, const Cursor& value, LineOfName& names) {
  const auto text = reader.text(value, "a name for the label route");
  auto name = text ? reader.label(value, *text) : std::nullopt;
  if (!name) return {};
  const auto [first, inserted] = names.try_emplace(*name, value.at.line);
  if (!inserted) {
    reader.error(value, fmt::format("{} is the name of a route on line {} already", in_quotes(*name), first->second),
                 "give each its own");
  }
  return std::move(*name);
}

std::string read_method(Reader& reader, const Cursor& value) {
  constexpr std::string_view what = "a method in capitals such as POST";
  auto method = reader.text(value, what);
  if (!method) return {};
  const bool token = std::all_of(method->begin(), method->end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (token) return std::move(*method);
  reader.error(value, in_quotes(*method) + " is no method", fmt::format("expected {}", what));
  return {};
}

// "{id}" or no brace at all.
bool is_segment(std::string_view segment) {
  if (segment.find_first_of("{}") == std::string_view::npos) return true;
  if (!segment.starts_with('{') || !segment.ends_with('}') || segment.size() < 3) return false;
  return segment.substr(1, segment.size() - 2).find_first_of("{}") == std::string_view::npos;
}

bool has_only_segments(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    if (!is_segment(segment)) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

std::string read_path(Reader& reader, const Cursor& value, bool prefix) {
  const std::string_view what = prefix ? "the first part of a path such as /api/" : "a path such as /items/{id}";
  const std::string expected = fmt::format("expected {}", what);
  auto path = reader.text(value, what);
  if (!path) return {};
  if (!path->starts_with('/')) {
    reader.error(value, in_quotes(*path) + " does not begin with /", expected);
  } else if (path->find_first_of(" ?#") != std::string::npos) {
    reader.error(value, in_quotes(*path) + " has a blank, ? or #", "requests are told apart by their path alone");
  } else if (prefix && path->find_first_of("{}") != std::string::npos) {
    reader.error(value, in_quotes(*path) + " has { or }", expected);
  } else if (!has_only_segments(*path)) {
    reader.error(value, in_quotes(*path) + " has { or } beside whole segments", expected);
  } else {
    return std::move(*path);
  }
  return {};
}

RouteConfig read_route(Reader& reader, const Cursor& route, LineOfName& names) {
  RouteConfig result;
  const Members keys = reader.members(route, kRouteKeys);
  const bool is_map = route.node->kind == NodeKind::map || route.node->kind == NodeKind::null;
  if (!is_map) return result;  // members() has said so
  const Cursor* name = find(keys, "name");
  const Cursor* path = find(keys, "path");
  const Cursor* prefix = find(keys, "prefix");
  if (name == nullptr) reader.error(route, "has no name", "expected name, the label route");
  if ((path == nullptr) == (prefix == nullptr)) {
    reader.error(route, path == nullptr ? "does not say which path" : "says more than once which path: path, prefix",
                 "expected exactly one of path, prefix");
  }
  if (name != nullptr) result.name = read_name(reader, *name, names);
  if (const Cursor* method = find(keys, "method")) result.method = read_method(reader, *method);
  if (path != nullptr) result.path = read_path(reader, *path, false);
  if (prefix != nullptr) result.path = read_path(reader, *prefix, true);
  result.prefix = prefix != nullptr;
  return result;
}

}  // namespace

void read_routes(Reader& reader, const Cursor& routes, Config& config) {
  const auto items = reader.items(routes, "routes");
  if (!items) return;
  if (items->size() > kRoutesMax) {
    reader.error(routes, fmt::format("{} routes", items->size()), fmt::format("expected at most {}", kRoutesMax));
  }
  config.routes.clear();
  LineOfName names;
  for (const Cursor& item : *items) config.routes.push_back(read_route(reader, item, names));
}

}  // namespace mme

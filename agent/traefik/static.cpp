// SPDX-License-Identifier: Apache-2.0
#include "traefik/static.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "traefik/ascii.h"
#include "traefik/normalize.h"
#include "traefik/static_flags.h"
#include "traefik/tree_reader.h"

namespace mme::traefik {
namespace {

constexpr int64_t kPriorityMax = std::numeric_limits<int64_t>::max();
constexpr std::string_view kInternalEntrypoint = "traefik";

std::string variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const auto& entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

// os.ExpandEnv: "$NAME" and "${NAME}".
std::string expanded(std::string_view text, const std::vector<std::string>& environment) {
  const auto in_name = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i++];
      continue;
    }
    const bool braces = text[i + 1] == '{';
    const size_t start = i + (braces ? 2 : 1);
    size_t end = start;
    while (end < text.size() && in_name(text[end])) end++;
    out += variable(environment, text.substr(start, end - start));
    i = braces && end < text.size() && text[end] == '}' ? end + 1 : end;
  }
  return out;
}

// "traefik" may be named again: `traefik traefik --…`.
std::vector<std::string> without_command(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments[0] == "traefik") arguments.erase(arguments.begin());
  return arguments;
}

class Reader : TreeReader {
 public:
  explicit Reader(const Source& source) : TreeReader(source, errors_) { out_.source = source; }

  tl::expected<StaticConfiguration, Diagnostics> read(const TreeNode& root) {
    if (const auto* entrypoints = root.find("entryPoints")) {
      for (const auto& node : entrypoints->children) entrypoint(node);
    }
    if (const auto* api = enabled(root.find("api"))) {
      out_.api = true;
      out_.api_insecure = flag(*api, "insecure", false);
      out_.api_dashboard = flag(*api, "dashboard", true);
      out_.api_debug = flag(*api, "debug", false);
    }
    if (const auto* ping = enabled(root.find("ping"))) {
      out_.ping = true;
      out_.ping_manual = flag(*ping, "manualRouting", false);
      out_.ping_entrypoint = text(*ping, "entryPoint", "traefik");
    }
    if (const auto* prometheus = enabled(root.find_path("metrics.prometheus"))) {
      PrometheusMetrics metrics;
      metrics.entrypoint = text(*prometheus, "entryPoint", "traefik");
      metrics.manual_routing = flag(*prometheus, "manualRouting", false);
      metrics.source = source(*prometheus);
      out_.prometheus = metrics;
    }
    if (const auto* syntax = root.find_path("core.defaultRuleSyntax")) out_.default_rule_syntax = syntax->value;
    if (const auto* resolver = enabled(root.find("hostResolver")); resolver != nullptr) {
      const bool flattening = flag(*resolver, "cnameFlattening", false);
      for (auto& [name, entrypoint] : out_.entrypoints) entrypoint.options.cname_flattening = flattening;
    }
    if (const auto* resolvers = root.find("certificatesResolvers")) acme(*resolvers);
    if (const auto* found = root.find("providers")) providers(*found);
    add_default_entrypoints();
    if (!errors_.empty()) return tl::make_unexpected(std::move(errors_));
    return std::move(out_);
  }

 private:
  // A block that is there and not "false".
  static const TreeNode* enabled(const TreeNode* node) {
    if (node == nullptr) return nullptr;
    return node->value.empty() || !node->children.empty() || equal_fold(node->value, "true") ? node : nullptr;
  }

  static std::string text(const TreeNode& parent, std::string_view key, std::string_view otherwise) {
    const TreeNode* node = parent.find(key);
    return node == nullptr ? std::string(otherwise) : node->value;
  }

  static std::vector<std::string> texts(const TreeNode& parent, std::string_view key) {
    const TreeNode* node = parent.find(key);
    return node == nullptr ? std::vector<std::string>() : node->texts();
  }

  void entrypoint(const TreeNode& node) {
    Entrypoint made;
    made.name = node.name;
    made.source = source(node);
    if (!set_address(made, node.text("address"))) {
      error(node, fmt::format("entrypoint {}: \"{}\" is no address", node.name, node.text("address")));
    }
    made.as_default = flag(node, "asDefault", false);
    if (const auto* proxy = enabled(node.find("proxyProtocol"))) {
      made.options.proxy_protocol = flag(*proxy, "insecure", false) || !texts(*proxy, "trustedIPs").empty();
    }
    if (const auto* forwarded = node.find("forwardedHeaders")) {
      made.options.forwarded_headers_insecure = flag(*forwarded, "insecure", false);
      made.options.forwarded_headers_trusted_ips = texts(*forwarded, "trustedIPs");
      made.options.forwarded_headers_connection = texts(*forwarded, "connection");
    }
    if (const auto* http = node.find("http")) {
      made.options.sanitize_path = flag(*http, "sanitizePath", true);
      made.options.encode_query_semicolons = flag(*http, "encodeQuerySemicolons", false);
      made.middlewares = texts(*http, "middlewares");
      made.tls = enabled(http->find("tls")) != nullptr;
      if (const auto* target = http->find_path("redirections.entryPoint")) redirection(node, *target);
    }
    if (const auto* observability = node.find("observability")) {
      made.observability = true;
      made.metrics = flag(*observability, "metrics", true);
    }
    acme_bypass_[node.name] = flag(node, "allowACMEByPass", false);
    out_.entrypoints.insert_or_assign(node.name, std::move(made));
  }

  void redirection(const TreeNode& node, const TreeNode& target) {
    const std::string to(target.text("to"));
    if (to.empty()) return;  // Traefik only logs it
    int64_t priority = kPriorityMax - 1;
    if (const auto* written = target.find("priority")) {
      const auto value = parse_integer(written->value);
      if (!value) error(*written, fmt::format("the priority \"{}\" is no whole number", written->value));
      priority = value.value_or(priority);
    }
    out_.redirections[node.name] = {to, priority};
  }

  void acme(const TreeNode& resolvers) {
    for (const auto& resolver : resolvers.children) {
      const auto* entrypoint = resolver.find_path("acme.httpChallenge.entryPoint");
      if (entrypoint == nullptr || entrypoint->value.empty()) continue;
      const auto bypass = acme_bypass_.find(entrypoint->value);
      const bool is_bypass = bypass != acme_bypass_.end() && bypass->second;
      auto& list = is_bypass ? out_.acme_bypass_entrypoints : out_.acme_entrypoints;
      if (std::find(list.begin(), list.end(), entrypoint->value) == list.end()) list.push_back(entrypoint->value);
    }
  }

  void providers(const TreeNode& providers) {
    for (const auto& node : providers.children) {
      if (equal_fold(node.name, "providersThrottleDuration") || enabled(&node) == nullptr) continue;
      if (equal_fold(node.name, "file")) {
        out_.file = FileProvider{text(node, "filename", ""), text(node, "directory", "")};
      } else if (equal_fold(node.name, "docker")) {
        DockerProvider docker;
        docker.endpoint = text(node, "endpoint", docker.endpoint);
        docker.exposed_by_default = flag(node, "exposedByDefault", true);
        docker.default_rule = text(node, "defaultRule", docker.default_rule);
        docker.network = text(node, "network", "");
        docker.constraints = text(node, "constraints", "");
        docker.use_bind_port_ip = flag(node, "useBindPortIP", false);
        docker.allow_empty_services = flag(node, "allowEmptyServices", false);
        out_.docker = std::move(docker);
      } else if (equal_fold(node.name, "plugin")) {
        for (const auto& plugin : node.children) out_.other_providers.push_back(fmt::format("plugin {}", plugin.name));
      } else {
        if (equal_fold(node.name, "rest")) {
          out_.rest = true;
          out_.rest_insecure = flag(node, "insecure", false);
        }
        out_.other_providers.push_back(node.name);
      }
    }
  }

  void add_entrypoint(std::string_view name, std::string_view address) {
    Entrypoint made;
    made.name = name;
    made.source = out_.source;
    (void)set_address(made, address);
    out_.entrypoints.try_emplace(made.name, made);
  }

  // SetEffectiveConfiguration
  void add_default_entrypoints() {
    if (out_.entrypoints.empty()) add_entrypoint("http", ":80");
    const bool needed =
        out_.api_insecure || out_.rest_insecure ||
        (out_.ping && !out_.ping_manual && out_.ping_entrypoint == kInternalEntrypoint) ||
        (out_.prometheus && !out_.prometheus->manual_routing && out_.prometheus->entrypoint == kInternalEntrypoint);
    if (needed) add_entrypoint(kInternalEntrypoint, ":8080");
  }

  StaticConfiguration out_;
  Diagnostics errors_;
  std::map<std::string, bool> acme_bypass_;
};

void add_router(Configuration& into, const Source& source, std::string_view name, std::vector<std::string> entrypoints,
                std::string_view rule, std::string_view service, int64_t priority) {
  Router router;
  router.name = fmt::format("{}@internal", name);
  router.rule = rule;
  router.rule_syntax = "default";
  router.entrypoints = std::move(entrypoints);
  router.service = fmt::format("{}@internal", service);
  router.priority = priority;
  router.source = {SourceKind::internal, source.place, 0};
  into.routers.insert_or_assign(router.name, std::move(router));
}

void add_service(Configuration& into, const Source& source, std::string_view name) {
  Service service;
  service.name = fmt::format("{}@internal", name);
  service.type = ServiceType::internal;
  service.source = {SourceKind::internal, source.place, 0};
  into.services.insert_or_assign(service.name, std::move(service));
}

// Traefik logs a redirection to nowhere and goes on without it.
bool redirection_works(const StaticConfiguration& configuration, const Redirection& redirection) {
  if (redirection.to[0] == ':') {
    return redirection.to.size() > 1 && redirection.to.find_first_not_of("0123456789", 1) == std::string::npos;
  }
  return configuration.entrypoints.contains(redirection.to);
}

}  // namespace

tl::expected<StaticConfiguration, Diagnostics> read_static(const TreeNode& root, const Source& source) {
  return Reader(source).read(root);
}

StaticPlaces static_places(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  StaticPlaces places;
  const auto flags = read_flags(without_command(arguments));
  places.arguments = !without_command(arguments).empty();
  for (const auto* key : {"traefik.configfile", "traefik.configFile"}) {
    const auto found = flags.find(key);
    if (found == flags.end()) continue;
    if (!trimmed(found->second).empty()) places.given = expanded(found->second, environment);
  }
  if (!places.given.empty()) places.files = {places.given};
  for (const std::string& base :
       {std::string("/etc/traefik/traefik"), variable(environment, "XDG_CONFIG_HOME") + "/traefik",
        variable(environment, "HOME") + "/.config/traefik", std::string("./traefik")}) {
    for (const auto* ending : {"toml", "yaml", "yml"}) places.files.push_back(fmt::format("{}.{}", base, ending));
  }
  return places;
}

tl::expected<StaticConfiguration, Diagnostics> parse_static_file(std::string_view text, FileFormat format,
                                                                 const Source& source) {
  const auto tree = format == FileFormat::toml ? read_toml(text, source) : read_yaml(text, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  if (tree->children.empty()) {
    return tl::make_unexpected(Diagnostics{
        {source,
         "the file says nothing, and Traefik does not start with such a file: what it runs with is not known"}});
  }
  return read_static(*tree, source);
}

tl::expected<StaticConfiguration, Diagnostics> parse_static_arguments(const std::vector<std::string>& arguments,
                                                                      const Source& source) {
  const auto tree = read_flat(read_flags(without_command(arguments)), {}, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  return read_static(*tree, source);
}

tl::expected<StaticConfiguration, Diagnostics> parse_static_environment(const std::vector<std::string>& environment,
                                                                        const Source& source) {
  std::map<std::string, std::string> keys;
  for (const auto& entry : environment) {
    const size_t equals = std::min(entry.find('='), entry.size());
    if (!entry.starts_with("TRAEFIK_")) continue;
    std::string key = lower(std::string_view(entry).substr(0, equals));
    std::replace(key.begin(), key.end(), '_', '.');
    keys[std::move(key)] = entry.substr(std::min(equals + 1, entry.size()));
  }
  const auto tree = read_flat(keys, {}, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  return read_static(*tree, source);
}

// pkg/provider/traefik
Configuration internal_configuration(const StaticConfiguration& configuration) {
  Configuration out;
  const Source& source = configuration.source;
  out.entrypoints = configuration.entrypoints;
  out.default_rule_syntax = configuration.default_rule_syntax;
  out.diagnostics = configuration.diagnostics;
  for (const auto& provider : configuration.other_providers) {
    out.unread.push_back(fmt::format("the provider {}", provider));
  }
  const std::string internal(kInternalEntrypoint);
  if (configuration.api) {
    add_service(out, source, "api");
    if (configuration.api_dashboard) add_service(out, source, "dashboard");
    if (configuration.api_insecure) {
      add_router(out, source, "api", {internal}, "PathPrefix(`/api`)", "api", kPriorityMax - 1);
      if (configuration.api_dashboard) {
        add_router(out, source, "dashboard", {internal}, "PathPrefix(`/`)", "dashboard", kPriorityMax - 2);
        auto& dashboard = out.routers.find("dashboard@internal")->second;
        dashboard.middlewares = {"dashboard_redirect@internal", "dashboard_stripprefix@internal"};
        for (const auto& name : dashboard.middlewares) out.middlewares[name].source = dashboard.source;
      }
      if (configuration.api_debug) {
        add_router(out, source, "debug", {internal}, "PathPrefix(`/debug`)", "api", kPriorityMax - 1);
      }
    }
  }
  if (configuration.ping) {
    add_service(out, source, "ping");
    if (!configuration.ping_manual) {
      add_router(out, source, "ping", {configuration.ping_entrypoint}, "PathPrefix(`/ping`)", "ping", kPriorityMax);
    }
  }
  if (configuration.rest) {
    add_service(out, source, "rest");
    if (configuration.rest_insecure) {
      add_router(out, source, "rest", {internal}, "PathPrefix(`/api/providers`)", "rest", kPriorityMax);
    }
  }
  if (configuration.prometheus) {
    add_service(out, source, "prometheus");
    if (!configuration.prometheus->manual_routing) {
      add_router(out, source, "prometheus", {configuration.prometheus->entrypoint}, "PathPrefix(`/metrics`)",
                 "prometheus", kPriorityMax);
    }
  }
  for (const auto& [name, redirection] : configuration.redirections) {
    if (!redirection_works(configuration, redirection)) {
      out.diagnostics.push_back(
          {source, fmt::format("entrypoint {}: redirected to {}, which does not exist", name, redirection.to)});
      continue;
    }
    const std::string router = normalized(fmt::format("{}-to-{}", name, redirection.to));
    add_router(out, source, router, {name}, "HostRegexp(`^.+$`)", "noop", redirection.priority);
    auto& added = out.routers.find(router + "@internal")->second;
    added.middlewares = {fmt::format("redirect-{}", router)};
    out.middlewares[fmt::format("redirect-{}@internal", router)].source = added.source;
  }
  constexpr std::string_view kChallenge = "PathPrefix(`/.well-known/acme-challenge/`)";
  if (!configuration.acme_entrypoints.empty()) {
    add_router(out, source, "acme-http", configuration.acme_entrypoints, kChallenge, "acme-http", kPriorityMax);
    add_service(out, source, "acme-http");
  }
  if (!configuration.acme_bypass_entrypoints.empty()) {
    add_router(out, source, "acme-http-bypass", configuration.acme_bypass_entrypoints, kChallenge, "acme-http", 0);
    add_service(out, source, "acme-http");
  }
  add_service(out, source, "noop");
  return out;
}

}  // namespace mme::traefik

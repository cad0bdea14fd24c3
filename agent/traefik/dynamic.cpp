// SPDX-License-Identifier: Apache-2.0
#include "traefik/dynamic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "traefik/ascii.h"
#include "traefik/dynamic_fields.h"
#include "traefik/middleware_check.h"
#include "traefik/service_check.h"
#include "traefik/tree_reader.h"

namespace mme::traefik {
namespace {

class Reader : TreeReader {
 public:
  Reader(const DynamicReading& reading, Configuration& into, Diagnostics& errors)
      : TreeReader(reading.source, errors), reading_(reading), into_(into) {}

  void http(const TreeNode& http) {
    if (const auto* routers = http.find("routers")) {
      for (const auto& node : routers->children) router(node);
    }
    if (const auto* services = http.find("services")) {
      for (const auto& node : services->children) service(node);
    }
    if (const auto* middlewares = http.find("middlewares")) {
      for (const auto& node : middlewares->children) middleware(node);
    }
    if (const auto* transports = http.find("serversTransports"); transports != nullptr && !reading_.labels) {
      for (const auto& node : transports->children) into_.servers_transports.insert(named(node.name));
    }
  }

 private:
  // The API says what Traefik runs: nothing in it is refused.
  [[nodiscard]] bool strict() const { return !reading_.provider.empty(); }

  [[nodiscard]] std::string named(std::string_view name) const {
    return reading_.provider.empty() ? std::string(name) : fmt::format("{}@{}", name, reading_.provider);
  }

  // The provider for names that something called `name` refers to.
  [[nodiscard]] std::string_view provider_for(std::string_view name) const {
    const bool own = !reading_.provider.empty() && name.find('@') == std::string_view::npos;
    return own ? std::string_view(reading_.provider) : provider_of(name);
  }

  std::vector<std::string> qualified_texts(const TreeNode* node, std::string_view owner) const {
    std::vector<std::string> out;
    if (node == nullptr) return out;
    for (const auto& name : node->texts()) out.push_back(qualified(name, provider_for(owner)));
    return out;
  }

  // Present, and not switched off by `tls: false`.
  static bool enabled(const TreeNode* node) {
    return node != nullptr && (node->value.empty() || equal_fold(node->value, "true"));
  }

  void router(const TreeNode& node) {
    Router router;
    router.name = named(node.name);
    router.source = source(node);
    router.rule = node.text("rule");
    router.rule_syntax = node.text("ruleSyntax");
    if (const auto* entrypoints = node.find("entryPoints")) router.entrypoints = entrypoints->texts();
    if (const auto* middlewares = node.find("middlewares")) router.middlewares = middlewares->texts();
    if (const auto service = node.text("service"); !service.empty()) {
      router.service = qualified(service, provider_for(node.name));
    }
    if (const auto* priority = node.find("priority"); priority != nullptr) {
      const auto value = parse_integer(priority->value);
      if (!value) error(*priority, fmt::format("router {}: \"{}\" is no priority", node.name, priority->value));
      router.priority = value.value_or(0);
    }
    router.tls = enabled(node.find("tls"));
    if (const auto* observability = node.find("observability")) {
      router.observability = true;
      if (observability->find("metrics") != nullptr) router.metrics = flag(*observability, "metrics", true);
    }
    if (!reading_.labels) router.parents = qualified_texts(node.find("parentRefs"), node.name);
    if (!strict()) router.disabled = node.text("status") == "disabled";
    into_.routers.insert_or_assign(router.name, std::move(router));
  }

  void middleware(const TreeNode& node) {
    Middleware made = strict() ? read_middleware(node, source(node)) : Middleware();
    made.source = source(node);
    into_.middlewares.emplace(named(node.name), std::move(made));
  }

  void service(const TreeNode& node) {
    Service service;
    service.name = named(node.name);
    service.source = source(node);
    if (!strict()) service.disabled = node.text("status") == "disabled";
    size_t types = 0;
    if (const auto* balancer = node.find("loadBalancer")) {
      types++;
      service.type = ServiceType::load_balancer;
      servers(*balancer, service);
      service.objection = check_strategy(balancer->text("strategy"));
      service.health_check = balancer->find("healthCheck") != nullptr;
      if (const auto transport = balancer->text("serversTransport"); !transport.empty()) {
        service.servers_transport = qualified(transport, provider_for(node.name));
      }
    }
    if (!reading_.labels) {
      types += several(node, "weighted", "services", ServiceType::weighted, service);
      types += several(node, "highestRandomWeight", "services", ServiceType::highest_random_weight, service);
      types += several(node, "mirroring", "mirrors", ServiceType::mirroring, service);
      types += several(node, "failover", {}, ServiceType::failover, service);
    }
    if (types != 1) service.type = ServiceType::none;
    if (!strict() && types == 0 && provider_of(service.name) == "internal") service.type = ServiceType::internal;
    if (const auto* status = node.find("serverStatus"); status != nullptr && !strict()) {
      for (const auto& server : status->children) service.servers_up[server.name] = server.value == "UP";
    }
    into_.services.insert_or_assign(service.name, std::move(service));
  }

  static void servers(const TreeNode& balancer, Service& service) {
    const TreeNode* servers = balancer.find("servers");
    if (servers == nullptr) return;
    for (const auto& server : servers->children) {
      if (const auto url = server.text("url"); !url.empty()) service.servers.emplace_back(url);
    }
  }

  // A service of other services: its own `service` and `fallback` first, then the names of the list.
  size_t several(const TreeNode& node, std::string_view type_name, std::string_view list, ServiceType type,
                 Service& service) const {
    const TreeNode* found = node.find(type_name);
    if (found == nullptr) return 0;
    service.type = type;
    const auto provider = provider_for(node.name);
    const TreeNode* health = found->find("healthCheck");
    service.health_check = health != nullptr && (health->value.empty() || equal_fold(health->value, "true"));
    // A failover follows its main service in any case, a mirroring nothing of its own.
    service.follows_health = type == ServiceType::failover || (service.health_check && type != ServiceType::mirroring);
    const auto add = [&](std::string_view name) { service.children.push_back(qualified(name, provider)); };
    // One that is not named is a service that does not exist.
    if (type == ServiceType::failover || type == ServiceType::mirroring) add(found->text("service"));
    if (type == ServiceType::failover) add(found->text("fallback"));
    if (const auto* items = list.empty() ? nullptr : found->find(list)) {
      for (const auto& item : items->children) {
        const int64_t percent = parse_integer(item.text("percent")).value_or(0);
        if (percent < 0 || percent > 100) service.objection = Objection{true, "a mirror's percent is not 0 to 100"};
        add(item.text("name"));
      }
    }
    return 1;
  }

  const DynamicReading& reading_;
  Configuration& into_;
};

}  // namespace

void read_http(const TreeNode& http, const DynamicReading& reading, Configuration& into, Diagnostics& errors) {
  Reader(reading, into, errors).http(http);
}

void read_tcp(const TreeNode& tcp, const DynamicReading& reading, Configuration& into) {
  const TreeNode* routers = tcp.find("routers");
  if (routers == nullptr) return;
  for (const auto& router : routers->children) {
    const TreeNode* tls = router.find("tls");
    if (tls != nullptr && (tls->value.empty() || equal_fold(tls->value, "true"))) continue;
    const std::string name =
        reading.provider.empty() ? router.name : fmt::format("{}@{}", router.name, reading.provider);
    const TreeNode* entrypoints = router.find("entryPoints");
    // Without any it is on the default ones, which resolve fills in for "".
    const auto on = entrypoints == nullptr ? std::vector<std::string>{""} : entrypoints->texts();
    for (const auto& entrypoint : on) into.tcp_routers.emplace(entrypoint, name);
  }
}

tl::expected<Configuration, Diagnostics> parse_dynamic(std::string_view text, FileFormat format, const Source& source) {
  if (const size_t at = text.find("{{"); at != std::string_view::npos) {
    Diagnostic diagnostic{source, "the file is a Go template, which only Traefik can execute"};
    diagnostic.source.line = static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')) + 1;
    return tl::make_unexpected(Diagnostics{std::move(diagnostic)});
  }
  const auto tree = format == FileFormat::toml ? read_toml(text, source) : read_yaml(text, source);
  if (!tree) return tl::make_unexpected(Diagnostics{tree.error()});
  if (auto refusal = refused_field(*tree, Spelling::file, source)) {
    return tl::make_unexpected(Diagnostics{std::move(*refusal)});
  }
  Configuration configuration;
  Diagnostics errors;
  const DynamicReading reading{"file", source, false};
  if (const auto* http = tree->find("http")) read_http(*http, reading, configuration, errors);
  if (const auto* tcp = tree->find("tcp")) read_tcp(*tcp, reading, configuration);
  if (!errors.empty()) return tl::make_unexpected(std::move(errors));
  return configuration;
}

void add_missing(Configuration& into, Configuration&& more) {
  into.entrypoints.merge(more.entrypoints);
  for (const auto& [name, router] : more.routers) {
    if (into.routers.contains(name)) {
      into.diagnostics.push_back(
          {router.source, fmt::format("router {} is configured already; this one is not used", name)});
    }
  }
  into.routers.merge(more.routers);
  into.services.merge(more.services);
  into.middlewares.merge(more.middlewares);
  into.servers_transports.merge(more.servers_transports);
  into.tcp_routers.merge(more.tcp_routers);
  into.unread.insert(into.unread.end(), more.unread.begin(), more.unread.end());
  into.diagnostics.insert(into.diagnostics.end(), more.diagnostics.begin(), more.diagnostics.end());
  if (into.default_rule_syntax.empty()) into.default_rule_syntax = std::move(more.default_rule_syntax);
}

}  // namespace mme::traefik

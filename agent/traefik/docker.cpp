// SPDX-License-Identifier: Apache-2.0
// pkg/provider/docker, and pkg/provider.Merge for what several containers say about one name.
#include "traefik/docker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "traefik/ascii.h"
#include "traefik/dynamic.h"
#include "traefik/dynamic_fields.h"
#include "traefik/normalize.h"
#include "traefik/tree.h"

namespace mme::traefik {
namespace {

using nlohmann::json;

tl::unexpected<Diagnostics> failure(const Source& source, std::string problem) {
  return tl::make_unexpected(Diagnostics{{source, std::move(problem)}});
}

// The engine's answers have null where there is nothing.
std::string text(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& part(const json& object, const char* key) {
  static const json kNothing = json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : kNothing;
}

// A subtree as text, for comparing what two containers say. `without`: a child of the root that is left out.
void write(const TreeNode& node, std::string& out, std::string_view without = {}) {
  out += fmt::format("{}={};", lower(node.name), node.value);
  for (const auto& child : node.children) {
    if (!without.empty() && equal_fold(child.name, without)) continue;
    out += '{';
    write(child, out);
    out += '}';
  }
}

bool same(const Router& a, const Router& b) {
  return std::tie(a.rule, a.rule_syntax, a.rule_problem, a.default_rule, a.entrypoints, a.middlewares, a.service,
                  a.priority, a.tls, a.observability,
                  a.metrics) == std::tie(b.rule, b.rule_syntax, b.rule_problem, b.default_rule, b.entrypoints,
                                         b.middlewares, b.service, b.priority, b.tls, b.observability, b.metrics);
}

std::string join_host_port(std::string_view host, std::string_view port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

class Builder {
 public:
  Builder(const std::vector<DockerContainer>& containers, const DockerProvider& provider, const std::string& place)
      : containers_(containers), provider_(provider), place_(place) {}

  Configuration build() {
    // Without their labels' values it cannot be said which containers count.
    if (!provider_.constraints.empty()) out_.unread.emplace_back("the constraints of the provider docker");
    for (const auto& container : containers_) {
      Diagnostics errors;
      add(container, errors);
      out_.diagnostics.insert(out_.diagnostics.end(), errors.begin(), errors.end());
    }
    for (const auto& name : contradicted_routers_) out_.routers.erase(name);
    for (const auto& name : contradicted_services_) out_.services.erase(name);
    for (const auto& name : contradicted_middlewares_) out_.middlewares.erase(name);
    return std::move(out_);
  }

 private:
  struct Extra {
    bool enabled = true;
    bool allow_non_running = false;
    std::string network;
  };

  [[nodiscard]] Source source(const DockerContainer& container) const {
    const std::string_view name = container.name;
    return {
        SourceKind::docker,
        fmt::format("{}container {}", place_.empty() ? "" : place_ + " ", name.substr(name.starts_with('/') ? 1 : 0)),
        0};
  }

  // The labels that are not of the dynamic configuration. Nothing: wrong, and Traefik skips the container.
  std::optional<Extra> extra_of(const DockerContainer& container, Diagnostics& errors) const {
    const auto tree = read_flat(container.labels, {"traefik.docker.", "traefik.enable"}, source(container));
    if (!tree) {
      errors.push_back(tree.error());
      return std::nullopt;
    }
    Extra extra{provider_.exposed_by_default, false, provider_.network};
    const auto flag = [&](std::string_view path, bool& value) {
      const TreeNode* node = tree->find_path(path);
      if (node == nullptr) return true;
      const auto parsed = parse_bool(node->value);
      if (!parsed)
        errors.push_back({source(container), fmt::format("traefik.{}: \"{}\" is no bool", path, node->value)});
      value = parsed.value_or(value);
      return parsed.has_value();
    };
    if (!flag("enable", extra.enabled) || !flag("docker.allowNonRunning", extra.allow_non_running)) return std::nullopt;
    if (const TreeNode* network = tree->find_path("docker.network")) extra.network = network->value;
    return extra;
  }

  [[nodiscard]] bool kept(const DockerContainer& container, const Extra& extra) const {
    if (!extra.enabled) return false;
    if (extra.allow_non_running) return true;
    if (!container.status.empty() && container.status != "running") return false;
    return provider_.allow_empty_services || container.health.empty() || container.health == "healthy";
  }

  void add(const DockerContainer& container, Diagnostics& errors) {
    const auto extra = extra_of(container, errors);
    if (!extra || !kept(container, *extra)) return;
    const auto tree =
        read_flat(container.labels, {"traefik.http", "traefik.tcp", "traefik.udp", "traefik.tls.stores.default"},
                  source(container));
    if (!tree) return errors.push_back(tree.error());
    // Traefik skips a container with a label that it does not know.
    if (auto refusal = refused_field(*tree, Spelling::labels, source(container))) {
      return errors.push_back(std::move(*refusal));
    }
    Configuration made;
    const DynamicReading reading{"docker", source(container), true};
    const TreeNode nothing;
    const TreeNode* http = tree->find("http");
    if (http != nullptr) read_http(*http, reading, made, errors);
    bool tcp_or_udp = false;
    for (const auto* protocol : {"tcp", "udp"}) {
      const TreeNode* node = tree->find(protocol);
      if (node == nullptr) continue;
      tcp_or_udp = tcp_or_udp || node->find("routers") != nullptr || node->find("services") != nullptr;
      if (std::string_view(protocol) == "tcp") read_tcp(*node, reading, made);
    }
    if (!errors.empty()) return;
    const bool http_labels = !made.routers.empty() || !made.services.empty() || !made.middlewares.empty();
    if (!tcp_or_udp || http_labels) {
      if (!complete(container, *extra, http == nullptr ? nothing : *http, made, errors)) return;
    }
    take(std::move(made), http == nullptr ? nothing : *http, errors);
  }

  // Servers, the default service, and routers' default rule and service.
  bool complete(const DockerContainer& container, const Extra& extra, const TreeNode& http, Configuration& made,
                Diagnostics& errors) const {
    const std::string name = docker_service_name(container);
    if (made.services.empty()) {
      Service service;
      service.name = name + "@docker";
      service.type = ServiceType::load_balancer;
      service.source = source(container);
      made.services.emplace(service.name, std::move(service));
    }
    const bool reachable = (container.status.empty() || container.status == "running") &&
                           (container.health.empty() || container.health == "healthy");
    for (auto& [service_name, service] : made.services) {
      if (service.type != ServiceType::load_balancer) {
        errors.push_back({service.source, fmt::format("service {} has no load balancer", service_name)});
        return false;
      }
      if (!reachable) continue;
      const TreeNode* services = http.find("services");
      const TreeNode* node = services == nullptr ? nullptr : services->find(without_provider(service_name));
      const TreeNode* server = node == nullptr ? nullptr : node->find_path("loadBalancer.server");
      if (!add_servers(container, extra, server, service, errors)) return false;
    }
    if (made.routers.empty() && made.services.size() == 1) {
      Router router;
      router.name = name + "@docker";
      router.source = source(container);
      made.routers.emplace(router.name, std::move(router));
    }
    for (auto entry = made.routers.begin(); entry != made.routers.end();) {
      entry = finish(container, made, entry->second, errors) ? std::next(entry) : made.routers.erase(entry);
    }
    return true;
  }

  static std::string_view without_provider(std::string_view name) { return name.substr(0, name.find('@')); }

  bool finish(const DockerContainer& container, const Configuration& made, Router& router, Diagnostics& errors) const {
    if (router.rule.empty()) {
      router.default_rule = true;
      auto rule = fill_default_rule(provider_.default_rule, container);
      if (rule) {
        router.rule = std::move(*rule);
      } else {
        router.rule = provider_.default_rule;
        router.rule_problem = "only Traefik can execute the template of the default rule";
      }
      if (router.rule.empty()) {
        errors.push_back({router.source, fmt::format("router {}: the default rule is empty", router.name)});
        return false;
      }
    }
    if (router.service.empty()) {
      if (made.services.size() > 1) {
        errors.push_back({router.source, fmt::format("router {} names none of several services", router.name)});
        return false;
      }
      router.service = made.services.begin()->first;
    }
    return true;
  }

  bool add_servers(const DockerContainer& container, const Extra& extra, const TreeNode* server, Service& service,
                   Diagnostics& errors) const {
    const auto label = [&](std::string_view key) {
      return server == nullptr ? std::string() : std::string(server->text(key));
    };
    const std::string url = label("url");
    std::string scheme = label("scheme");
    if (!url.empty()) {
      if (!scheme.empty() || !label("port").empty()) {
        errors.push_back({service.source, fmt::format("service {} has both a URL and a scheme or port", service.name)});
        return false;
      }
      service.servers = {url};
      return true;
    }
    if (scheme.empty()) scheme = "http";
    const std::string port = label("port").empty() ? lowest_port(container) : label("port");
    std::vector<std::string> hosts;
    std::string used_port = port;
    if (const auto* binding = provider_.use_bind_port_ip ? binding_of(container, port) : nullptr) {
      hosts = {binding->host_ip};
      used_port = binding->host_port;
    } else {
      hosts = addresses(container, extra.network, 0);
    }
    if (hosts.empty() || used_port.empty()) {
      errors.push_back({service.source, fmt::format("service {}: the container has no {}", service.name,
                                                    hosts.empty() ? "address" : "port")});
      return false;
    }
    for (const auto& host : hosts) {
      service.servers.push_back(fmt::format("{}://{}", scheme, join_host_port(host, used_port)));
    }
    return true;
  }

  static std::string lowest_port(const DockerContainer& container) {
    std::optional<int64_t> lowest;
    for (const auto& [port, bindings] : container.ports) {
      const auto number = parse_integer(std::string_view(port).substr(0, port.find('/')));
      if (number && (!lowest || *number < *lowest)) lowest = number;
    }
    return lowest ? std::to_string(*lowest) : std::string();
  }

  static const DockerContainer::Binding* binding_of(const DockerContainer& container, const std::string& port) {
    for (const auto* protocol : {"tcp", "udp"}) {
      const auto found = container.ports.find(fmt::format("{}/{}", port, protocol));
      if (found == container.ports.end() || found->second.empty()) continue;
      const auto& binding = found->second.front();
      return binding.host_ip.empty() || binding.host_ip == "0.0.0.0" ? nullptr : &binding;
    }
    return nullptr;
  }

  [[nodiscard]] std::vector<std::string> addresses(const DockerContainer& container, const std::string& network,
                                                   int depth) const {
    if (const auto chosen = container.networks.find(network); !network.empty() && chosen != container.networks.end()) {
      return chosen->second.empty() ? std::vector<std::string>() : std::vector<std::string>{chosen->second};
    }
    if (container.network_mode == "host") return {"127.0.0.1"};
    constexpr std::string_view kOther = "container:";
    if (container.network_mode.starts_with(kOther)) {
      const std::string_view other = std::string_view(container.network_mode).substr(kOther.size());
      for (const auto& candidate : containers_) {
        const bool found = candidate.id == other || candidate.name == fmt::format("/{}", other);
        if (!found || depth > 8) continue;
        Diagnostics ignored;
        const auto extra = extra_of(candidate, ignored);
        return addresses(candidate, extra && !extra->network.empty() ? extra->network : network, depth + 1);
      }
      return {};
    }
    std::vector<std::string> all;
    for (const auto& [name, address] : container.networks) {
      if (!address.empty()) all.push_back(address);
    }
    return all;
  }

  void take(Configuration&& made, const TreeNode& http, Diagnostics& errors) {
    for (auto& [name, service] : made.services) take_service(name, std::move(service), http, errors);
    for (auto& [name, router] : made.routers) {
      const auto [known, added] = out_.routers.try_emplace(name, router);
      if (added || same(known->second, router)) continue;
      contradicted_routers_.insert(name);
      errors.push_back({router.source, fmt::format("router {} is defined differently by {}: Traefik uses neither", name,
                                                   known->second.source.place)});
    }
    const TreeNode* middlewares = http.find("middlewares");
    for (auto& [name, middleware] : made.middlewares) {
      std::string written;
      if (const auto* node = middlewares->find(without_provider(name))) write(*node, written);
      const auto [known, added] = middlewares_.try_emplace(name, written);
      if (!added && known->second != written) contradicted_middlewares_.insert(name);
      out_.middlewares.emplace(name, std::move(middleware));
    }
    out_.tcp_routers.merge(made.tcp_routers);
  }

  void take_service(const std::string& name, Service&& service, const TreeNode& http, Diagnostics& errors) {
    std::string written;
    const TreeNode* services = http.find("services");
    const TreeNode* node = services == nullptr ? nullptr : services->find(without_provider(name));
    const TreeNode* balancer = node == nullptr ? nullptr : node->find("loadBalancer");
    if (balancer != nullptr) write(*balancer, written, "server");
    const auto [known, added] = balancers_.try_emplace(name, written);
    if (added) {
      out_.services.emplace(name, std::move(service));
      return;
    }
    auto& first = out_.services.find(name)->second;
    // Traefik compares with defaults filled in, so that a bare loadbalancer is the same as none.
    if (known->second != written && !(known->second.empty() || written.empty())) {
      contradicted_services_.insert(name);
      errors.push_back({service.source, fmt::format("service {} is defined differently by {}: Traefik uses neither",
                                                    name, first.source.place)});
      return;
    }
    for (auto& url : service.servers) {
      if (std::find(first.servers.begin(), first.servers.end(), url) == first.servers.end()) {
        first.servers.push_back(std::move(url));
      }
    }
  }

  const std::vector<DockerContainer>& containers_;
  const DockerProvider& provider_;
  const std::string& place_;
  Configuration out_;
  std::map<std::string, std::string> balancers_;
  std::map<std::string, std::string> middlewares_;
  std::set<std::string> contradicted_routers_;
  std::set<std::string> contradicted_services_;
  std::set<std::string> contradicted_middlewares_;
};

}  // namespace

tl::expected<std::vector<std::string>, Diagnostics> parse_container_list(std::string_view text_of_list,
                                                                         const Source& source) {
  try {
    const json list = json::parse(text_of_list);
    if (!list.is_array()) {
      const std::string message = text(list, "message");
      return failure(source, message.empty() ? "the answer is no list of containers" : message);
    }
    std::vector<std::string> ids;
    for (const auto& item : list) {
      if (std::string id = text(item, "Id"); !id.empty()) ids.push_back(std::move(id));
    }
    return ids;
  } catch (const json::exception& error) {
    return failure(source, error.what());
  }
}

tl::expected<DockerContainer, Diagnostics> parse_container(std::string_view text_of_container, const Source& source) {
  try {
    const json object = json::parse(text_of_container);
    DockerContainer container;
    container.id = text(object, "Id");
    container.name = text(object, "Name");
    if (container.id.empty()) {
      const std::string message = text(object, "message");
      return failure(source, message.empty() ? "the answer is no container" : message);
    }
    const json& state = part(object, "State");
    container.status = text(state, "Status");
    container.health = text(part(state, "Health"), "Status");
    container.network_mode = text(part(object, "HostConfig"), "NetworkMode");
    for (const auto& [key, value] : part(part(object, "Config"), "Labels").items()) {
      if (value.is_string()) container.labels[key] = value.get<std::string>();
    }
    const json& settings = part(object, "NetworkSettings");
    for (const auto& [port, bindings] : part(settings, "Ports").items()) {
      auto& into = container.ports[port];
      if (!bindings.is_array()) continue;
      for (const auto& binding : bindings) into.push_back({text(binding, "HostIp"), text(binding, "HostPort")});
    }
    for (const auto& [name, network] : part(settings, "Networks").items()) {
      const std::string address = text(network, "IPAddress");
      container.networks[name] = address.empty() ? text(network, "GlobalIPv6Address") : address;
    }
    return container;
  } catch (const json::exception& error) {
    return failure(source, error.what());
  }
}

Configuration docker_configuration(const std::vector<DockerContainer>& containers, const DockerProvider& provider,
                                   const std::string& place) {
  return Builder(containers, provider, place).build();
}

std::string docker_service_name(const DockerContainer& container) {
  const auto label = [&](const char* name) {
    const auto found = container.labels.find(name);
    return found == container.labels.end() ? std::string() : found->second;
  };
  const std::string project = label("com.docker.compose.project");
  const std::string service = label("com.docker.compose.service");
  if (!project.empty() && !service.empty()) return normalized(fmt::format("{}_{}", service, project));
  return normalized(container.name);
}

}  // namespace mme::traefik

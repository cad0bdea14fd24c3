// SPDX-License-Identifier: Apache-2.0
#include "traefik/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "traefik/ascii.h"

namespace mme::traefik {
namespace {

constexpr size_t kServiceDepthMax = 32;

void collect(const Configuration& configuration, std::string_view name, size_t depth, std::vector<std::string>& out) {
  const auto service = configuration.services.find(name);
  if (service == configuration.services.end() || depth > kServiceDepthMax) return;
  if (service->second.type == ServiceType::load_balancer) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
    return;
  }
  for (const auto& child : service->second.children) collect(configuration, child, depth + 1, out);
}

std::vector<std::string> answering(const Configuration& configuration, std::string_view name, size_t depth) {
  const auto found = configuration.services.find(name);
  if (found == configuration.services.end() || depth > kServiceDepthMax) return {};
  const Service& service = found->second;
  if (service.type == ServiceType::load_balancer) return {std::string(name)};
  std::vector<std::string> all;
  for (const std::string& child : service.children) {
    const auto below = answering(configuration, child, depth + 1);
    if (below.empty()) return {};
    all.insert(all.end(), below.begin(), below.end());
    if (service.type == ServiceType::mirroring) break;  // the main one is the first
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

std::string_view to_string(SourceKind kind) {
  switch (kind) {
    case SourceKind::agent:
      return "agent";
    case SourceKind::api:
      return "api";
    case SourceKind::static_config:
      return "static";
    case SourceKind::file:
      return "file";
    case SourceKind::docker:
      return "docker";
    case SourceKind::internal:
      return "internal";
  }
  return "";
}

std::string_view to_string(ServiceType type) {
  switch (type) {
    case ServiceType::none:
      return "none";
    case ServiceType::load_balancer:
      return "loadbalancer";
    case ServiceType::weighted:
      return "weighted";
    case ServiceType::mirroring:
      return "mirroring";
    case ServiceType::failover:
      return "failover";
    case ServiceType::highest_random_weight:
      return "highestrandomweight";
    case ServiceType::internal:
      return "internal";
  }
  return "";
}

std::string to_string(const Source& source) {
  std::string out(to_string(source.kind));
  if (!source.place.empty()) out += fmt::format(" {}", source.place);
  if (source.line > 0) out += fmt::format(":{}", source.line);
  return out;
}

std::string to_string(const Diagnostic& diagnostic) {
  return fmt::format("{}: {}", to_string(diagnostic.source), diagnostic.problem);
}

bool set_address(Entrypoint& entrypoint, std::string_view address) {
  entrypoint.address = address;
  const size_t slash = address.find('/');
  if (slash != std::string_view::npos) {
    const std::string protocol = lower(address.substr(slash + 1));
    if (protocol != "tcp" && protocol != "udp") return false;
    entrypoint.udp = protocol == "udp";
  }
  const std::string_view host_and_port = address.substr(0, slash);
  const size_t colon = host_and_port.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = host_and_port.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string_view digits = host_and_port.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  entrypoint.host = host;
  entrypoint.port = port;
  return true;
}

std::vector<std::string> load_balancers(const Configuration& configuration, std::string_view service) {
  std::vector<std::string> out;
  collect(configuration, service, 0, out);
  return out;
}

std::vector<std::string> answering_load_balancers(const Configuration& configuration, std::string_view service) {
  return answering(configuration, service, 0);
}

std::string qualified(std::string_view name, std::string_view provider) {
  if (name.find('@') != std::string_view::npos) return std::string(name);
  return fmt::format("{}@{}", name, provider);
}

std::string_view provider_of(std::string_view qualified_name) {
  const size_t at = qualified_name.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view rest = qualified_name.substr(at + 1);
  return rest.substr(0, rest.find('@'));
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/service_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "traefik/objection.h"

namespace mme::traefik {
namespace {

constexpr size_t kDepthMax = 32;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool escapes_are_whole(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
  }
  return true;
}

// net/url parseAuthority, parseHost
Objections check_authority(std::string_view authority, std::string_view url) {
  constexpr std::string_view kNever = " \\^`{|}";  // shouldEscape in a host
  const auto none = [&] { return refused(fmt::format("the server URL {} is none", url)); };
  if (authority.find_first_of(kNever) != std::string_view::npos || !escapes_are_whole(authority)) return none();
  if (authority.find_first_of("@%[]") != std::string_view::npos) {
    const bool plain_v6 = authority.starts_with('[') &&
                          authority.find_first_not_of("[]:.0123456789abcdefABCDEF") == std::string_view::npos &&
                          std::count(authority.begin(), authority.end(), '[') == 1 &&
                          std::count(authority.begin(), authority.end(), ']') == 1;
    const std::string_view port = authority.substr(std::min(authority.find(']'), authority.size() - 1) + 1);
    const bool good =
        plain_v6 && (port.empty() || (port[0] == ':' && std::all_of(port.begin() + 1, port.end(), is_digit)));
    return good ? std::nullopt : undecided(fmt::format("only Traefik can judge the server URL {}", url));
  }
  const size_t colon = authority.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
  return std::all_of(port.begin(), port.end(), is_digit) ? std::nullopt : none();
}

// checkRecursion keeps the middlewares on the way down.
using Stack = std::vector<std::string>;

Objections service_below(const Configuration& configuration, std::string_view name, size_t depth);

Objections middlewares_below(const Configuration& configuration, const std::vector<std::string>& names,
                             std::string_view provider, const Stack& above) {
  Objections found;
  for (const auto& written : names) {
    const std::string name = qualified(written, provider);
    const auto middleware = configuration.middlewares.find(name);
    if (middleware == configuration.middlewares.end()) {
      if (configuration.unread.empty()) weigh(found, refused(fmt::format("the middleware {} does not exist", name)));
      continue;
    }
    if (std::find(above.begin(), above.end(), name) != above.end() || above.size() > kDepthMax) {
      weigh(found, refused(fmt::format("the middleware {} needs itself", name)));
      continue;
    }
    if (const auto& objection = middleware->second.objection) {
      weigh(found, Objection{objection->certain, fmt::format("the middleware {}: {}", name, objection->reason)});
    }
    if (const auto& service = middleware->second.error_service) {
      weigh(found, service_below(configuration, qualified(*service, provider_of(name)), 0));
    }
    Stack stack = above;
    stack.push_back(name);
    weigh(found, middlewares_below(configuration, middleware->second.chain, provider_of(name), stack));
  }
  return found;
}

// getLoadBalancerServiceHandler
Objections check_servers(const Configuration& configuration, const Service& service) {
  Objections found;
  for (const auto& url : service.servers) weigh(found, check_server_url(url));
  const bool used = !service.servers.empty() || service.health_check;
  const std::string& transport = service.servers_transport;
  if (used && !transport.empty() && transport != "default@internal" && configuration.unread.empty() &&
      !configuration.servers_transports.contains(transport)) {
    weigh(found, refused(fmt::format("the serversTransport {} does not exist", transport)));
  }
  return found;
}

// RegisterStatusUpdater of the children
Objections check_health(const Configuration& configuration, const Service& service) {
  if (!service.follows_health) return std::nullopt;
  const bool first_only = !service.health_check;
  for (const auto& name : service.children) {
    const auto child = configuration.services.find(name);
    if (child != configuration.services.end() && !child->second.health_check) {
      return refused(
          fmt::format("the service {} needs the health of {}, which has no healthCheck", service.name, name));
    }
    if (first_only) break;
  }
  return std::nullopt;
}

Objections service_below(const Configuration& configuration, std::string_view name, size_t depth) {
  if (depth > kDepthMax) return refused(fmt::format("the service {} is nested too deep", name));
  const auto at = configuration.services.find(name);
  if (at == configuration.services.end()) {
    if (!configuration.unread.empty()) return std::nullopt;
    return refused(fmt::format("the service {} does not exist", name));
  }
  const Service& service = at->second;
  if (service.disabled) {
    return *service.disabled ? refused(fmt::format("the service {} is disabled", name)) : std::nullopt;
  }
  if (service.type == ServiceType::none) return refused(fmt::format("the service {} has no single type", name));
  Objections found = service.objection;
  if (service.type == ServiceType::load_balancer) weigh(found, check_servers(configuration, service));
  if (found) found->reason = fmt::format("the service {}: {}", name, found->reason);
  weigh(found, check_health(configuration, service));
  for (const auto& child : service.children) weigh(found, service_below(configuration, child, depth + 1));
  return found;
}

}  // namespace

Objections service_objection(const Configuration& configuration, std::string_view name) {
  return service_below(configuration, name, 0);
}

Objections middlewares_objection(const Configuration& configuration, const std::vector<std::string>& names,
                                 std::string_view provider) {
  return middlewares_below(configuration, names, provider, {});
}

Objections check_strategy(std::string_view strategy) {
  constexpr std::array<std::string_view, 5> kKnown = {"", "wrr", "p2c", "hrw", "leasttime"};
  if (std::find(kKnown.begin(), kKnown.end(), strategy) != kKnown.end()) return std::nullopt;
  return refused(fmt::format("its strategy {} does not exist", strategy));
}

Objections check_server_url(std::string_view url) {
  const auto none = [&] { return refused(fmt::format("the server URL {} is none", url)); };
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(url.begin(), url.end(), control)) return none();
  const size_t hash = std::min(url.find('#'), url.size());
  if (!escapes_are_whole(url.substr(hash))) return none();
  std::string_view rest = url.substr(0, hash);
  const size_t scheme = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  const bool leads = scheme != std::string_view::npos && rest[scheme] == ':';
  if (leads && scheme == 0) return none();
  const bool has_scheme =
      leads && !is_digit(rest[0]) && std::string_view("+-.").find(rest[0]) == std::string_view::npos;
  if (has_scheme) rest.remove_prefix(scheme + 1);
  rest = rest.substr(0, rest.find('?'));
  if (!rest.starts_with('/')) {
    if (has_scheme) return std::nullopt;  // opaque
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) return none();
  }
  if (rest.starts_with("//") && (has_scheme || !rest.starts_with("///"))) {
    rest.remove_prefix(2);
    const size_t slash = std::min(rest.find('/'), rest.size());
    if (slash > 0) {
      if (auto objection = check_authority(rest.substr(0, slash), url)) return objection;
    }
    rest.remove_prefix(slash);
  }
  return escapes_are_whole(rest) ? std::nullopt : none();
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/names.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "traefik/ascii.h"
#include "traefik/routing_table.h"

namespace mme::traefik {
namespace {

constexpr size_t kRoutingProblemsMax = 20;

struct ServerAddress {
  std::string host;  // without brackets
  std::string port;
};

std::optional<ServerAddress> address_of(std::string_view url) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) return std::nullopt;
  std::string_view host = url.substr(scheme_end + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.rfind('@') + 1);
  const bool bracketed = host.starts_with('[');
  const size_t bracket = host.find(']');
  if (host.empty() || (bracketed && bracket == std::string_view::npos)) return std::nullopt;
  ServerAddress address;
  const size_t colon = host.find(':', bracketed ? bracket : 0);
  if (colon != std::string_view::npos) address.port = host.substr(colon + 1);
  if (address.port.empty()) address.port = equal_fold(url.substr(0, scheme_end), "https") ? "443" : "80";
  address.host = bracketed ? host.substr(1, bracket - 1) : host.substr(0, colon);
  return address;
}

// One spelling an address, without a zone: "::1" of "0:0::1". Nothing: no address.
std::optional<std::string> numeric(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, host.c_str(), bytes.data()) == 1 &&
        ::inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr) {
      return std::string(text.data());
    }
  }
  return std::nullopt;
}

std::string key_of(const std::string& host, const std::string& port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

// Services that requests can reach.
std::set<std::string> reachable(const Configuration& configuration) {
  std::set<std::string> out;
  for (const auto& [name, router] : configuration.routers) {
    if (router.disabled.value_or(false)) continue;
    for (auto& service : load_balancers(configuration, router.service)) out.insert(std::move(service));
  }
  return out;
}

class Reader {
 public:
  Reader(const Configuration& configuration, const HostAddresses& addresses, Names& into)
      : configuration_(configuration), addresses_(addresses), into_(into) {}

  // Those of one kind; servers that are known already stay as they are.
  template <typename Wanted>
  void read(Wanted wanted) {
    Names found;
    for (const auto& [name, service] : configuration_.services) {
      if (wanted(service)) read_service(service, found);
    }
    into_.servers.merge(found.servers);
  }

 private:
  void read_service(const Service& service, Names& found) {
    for (const std::string& url : service.servers) {
      const auto address = address_of(url);
      if (!address) {
        into_.problems.push_back(fmt::format("{}: the server \"{}\" of the service {} is no URL",
                                             to_string(service.source), url, service.name));
        continue;
      }
      std::vector<std::string> hosts;
      if (auto host = numeric(address->host)) {
        hosts.push_back(std::move(*host));
      } else {
        hosts = addresses_(lower(address->host));
      }
      if (hosts.empty()) {
        into_.problems.push_back(
            fmt::format("{}: the address of {}, a server of the service {}, is not known; its requests have the "
                        "label ip:port (name it under targets.traefik[].services)",
                        to_string(service.source), address->host, service.name));
      }
      for (const std::string& host : hosts) add(found, key_of(host, address->port), service, url);
    }
  }

  static void add(Names& found, const std::string& key, const Service& service, const std::string& url) {
    const auto [at, inserted] = found.servers.try_emplace(key, NamedServer{service.name, url, {}, service.source});
    NamedServer& server = at->second;
    if (inserted || server.service == service.name) return;
    if (server.service != kAmbiguous) server.services = {std::exchange(server.service, std::string(kAmbiguous))};
    if (std::find(server.services.begin(), server.services.end(), service.name) == server.services.end())
      server.services.push_back(service.name);
  }

  const Configuration& configuration_;
  const HostAddresses& addresses_;
  Names& into_;
};

}  // namespace

Names names_of(const Configuration& configuration, const HostAddresses& addresses) {
  Names names;
  for (const auto& [name, entrypoint] : configuration.entrypoints) {
    if (entrypoint.udp || entrypoint.port == 0) continue;
    const auto [first, added] = names.entrypoints.emplace(entrypoint.port, Names::NamedPort{name, entrypoint.source});
    if (added) continue;
    names.problems.push_back(
        fmt::format("{}: entrypoint {}: entrypoint {} has port {} as well, and its name and routers are taken for all "
                    "requests there",
                    to_string(entrypoint.source), name, first->second.name, entrypoint.port));
  }
  const std::set<std::string> reached = reachable(configuration);
  Reader reader(configuration, addresses, names);
  const auto given = [](const Service& service) { return service.source.kind == SourceKind::agent; };
  reader.read(given);
  reader.read([&](const Service& service) { return !given(service) && reached.contains(service.name); });
  reader.read([&](const Service& service) { return !given(service) && !reached.contains(service.name); });
  for (const auto& [name, service] : configuration.services) {
    if (!service.servers_up.empty()) names.servers_up[name] = service.servers_up;
  }
  for (const Diagnostic& diagnostic : configuration.diagnostics) names.problems.push_back(to_string(diagnostic));
  for (const std::string& unread : configuration.unread) {
    names.problems.push_back(
        fmt::format("what {} says is not read; servers that it names have the label ip:port "
                    "unless Traefik's API answers",
                    unread));
  }
  return names;
}

std::vector<std::string> routing_problems(const Configuration& configuration) {
  const RoutingTable table(configuration);
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : table.problems()) {
    if (out.size() == kRoutingProblemsMax) {
      out.push_back(fmt::format("… and {} more routers", table.problems().size() - kRoutingProblemsMax));
      break;
    }
    out.push_back(to_string(diagnostic));
  }
  return out;
}

std::map<std::string, std::vector<std::string>, std::less<>> parse_hosts(std::string_view text) {
  std::map<std::string, std::vector<std::string>, std::less<>> hosts;
  const auto next_word = [](std::string_view& line) {
    const size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
    const size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const auto address = numeric(std::string(next_word(line)));
    if (!address) continue;
    for (std::string_view name = next_word(line); !name.empty(); name = next_word(line)) {
      hosts[lower(name)].push_back(*address);
    }
  }
  return hosts;
}

}  // namespace mme::traefik

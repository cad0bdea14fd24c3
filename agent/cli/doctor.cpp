// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/unique_fd.h"
#include "daemon/compat.h"
#include "daemon/server_status_notes.h"
#include "discovery/cgroup_path.h"
#include "discovery/cgroup_tree.h"
#include "discovery/discovery.h"
#include "discovery/host_checks.h"
#include "discovery/host_facts.h"
#include "discovery/proc_reader.h"
#include "kernel/host_probe.h"
#include "mongo/connection.h"
#include "traefik/loader.h"

namespace mme {
namespace {

// Who listens on the port: "mme-agent (pid 12)"; empty: not seen.
std::string holder_of(uint16_t port) {
  const ProcReader proc("/proc");
  std::set<uint64_t> inodes;
  for (const auto& socket : netlink_listen_sockets()(::getpid()).value_or(std::vector<ListenSocket>{})) {
    if (socket.port == port) inodes.insert(socket.inode);
  }
  for (const auto& entry : proc.list().value_or(std::vector<ProcEntry>{})) {
    const auto held = proc.sockets(entry.pid, inodes);
    if (!held || held->empty()) continue;
    std::string comm = proc.read(entry.pid, "comm").value_or("?");
    return comm.substr(0, comm.find('\n')) + " (pid " + std::to_string(entry.pid) + ")";
  }
  return {};
}

Check check_port(const std::string& listen) {
  const std::string name = "listen " + listen;
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  const std::string service = colon == std::string::npos ? "" : listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (error != 0) return {name, CheckStatus::fail, ::gai_strerror(error), "use ADDRESS:PORT", true};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(found, ::freeaddrinfo);
  const UniqueFd fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd.valid()) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (fd.valid() && ::bind(fd.get(), address->ai_addr, address->ai_addrlen) == 0)
    return {name, CheckStatus::ok, "free", "", false};
  const int bind_error = errno;
  const std::string holder =
      bind_error == EADDRINUSE ? holder_of(static_cast<uint16_t>(std::atoi(service.c_str()))) : "";
  if (holder.starts_with("mme-agent ")) return {name, CheckStatus::ok, holder + " listens", "", false};
  return {name, CheckStatus::fail,
          fail_errno("bind", bind_error).value().message + (holder.empty() ? "" : ", held by " + holder),
          "choose another: --web.listen-address ADDRESS:PORT", true};
}

// The cgroup and its ancestors, innermost first.
std::vector<std::string> lineage(std::string cgroup) {
  std::vector<std::string> paths;
  for (; cgroup.size() > 1; cgroup.resize(cgroup.rfind('/'))) paths.push_back(cgroup);
  paths.emplace_back("/");
  return paths;
}

std::vector<Check> check_hooks(const CgroupTree& cgroups, const std::string& cgroup) {
  std::vector<std::vector<HookState>> by_hook;
  for (const auto& path : lineage(cgroup)) {
    const auto states = query_hooks(cgroups.mount_point(), path);
    if (!states) return {{"hooks of " + cgroup, CheckStatus::warn, states.error().message, "", false}};
    by_hook.resize(states->size());
    for (size_t i = 0; i < states->size(); ++i) by_hook[i].push_back((*states)[i]);
  }
  std::vector<Check> checks;
  for (const auto& states : by_hook) checks.push_back(check_hook(states));
  const auto free = [](const Check& check) { return check.status == CheckStatus::ok && check.detail == "free"; };
  if (std::all_of(checks.begin(), checks.end(), free)) {
    return {{"hooks of " + cgroup, CheckStatus::ok, "free", "", false}};
  }
  std::erase_if(checks, free);
  return checks;
}

// Those of a Traefik whose static configuration cannot be read are not known.
std::vector<TargetMetrics> own_metrics(const std::vector<Target>& targets) {
  std::vector<TargetMetrics> own;
  for (const Target& target : targets) {
    if (target.kind != TargetKind::traefik) continue;
    const auto configuration = traefik::load_static(target.pid);
    const auto metrics = configuration ? traefik::own_metrics(*configuration) : std::nullopt;
    if (metrics && serves(target, *metrics)) own.push_back({target.name, *metrics});
  }
  return own;
}

std::vector<AskedOnce> ask_each(const std::vector<mongo::AskedMongod>& mongods) {
  std::vector<AskedOnce> answers;
  for (const mongo::AskedMongod& mongod : mongods) {
    const auto answer = mongo::Connection(mongod.uri).ask();
    answers.push_back({mongod.uri.address(), answer ? std::nullopt : std::optional(answer.error())});
  }
  return answers;
}

std::vector<Check> all_checks(const DoctorOptions& options) {
  std::vector<Check> checks = check_host(read_host_facts("/proc", "/sys"));
  const auto append = [&](const std::vector<Check>& more) { checks.insert(checks.end(), more.begin(), more.end()); };
  const auto loaded = probe_load();
  append(
      {{"load", loaded ? CheckStatus::ok : CheckStatus::fail,
        loaded ? "a cgroup_skb program with a loop and socket storage loads" : loaded.error().message, "", !loaded}});
  append({check_port(options.listen)});
  DiscoverySettings settings;
  settings.rules = options.rules;
  const auto scan = Discovery(std::move(settings)).scan(Discovery::Clock::now());
  append(check_targets(scan));
  append(check_compat(options.compat_traefik, own_metrics(scan.targets)));
  append(check_server_status(ask_each(options.mongods), options.uri_warnings));
  const auto cgroups = CgroupTree::open("/proc");
  std::set<std::string> seen;
  for (const auto& target : scan.targets) {
    if (!cgroups || target.cgroup.empty() || !seen.insert(target.cgroup).second) continue;
    append(check_hooks(*cgroups, target.cgroup));
  }
  return checks;
}

void print_json(std::ostream& out, const std::vector<Check>& checks) {
  auto array = nlohmann::json::array();
  for (const auto& check : checks) {
    array.push_back({{"check", check.check},
                     {"status", status_name(check.status)},
                     {"detail", check.detail},
                     {"mend", check.mend}});
  }
  // Names of processes and cgroups may be any bytes.
  out << array.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_lines(std::ostream& out, const std::vector<Check>& checks, bool color) {
  size_t width = 0;
  for (const auto& check : checks) width = std::max(width, check.check.size());
  constexpr size_t width_max = 28;
  width = std::min(width, width_max);
  for (const auto& check : checks) {
    const char* paint = check.status == CheckStatus::ok     ? "\033[32m"
                        : check.status == CheckStatus::warn ? "\033[33m"
                                                            : "\033[31m";
    std::string status = status_name(check.status);
    status.resize(4, ' ');
    out << (color ? paint : "") << status << (color ? "\033[0m" : "") << "  " << check.check
        << std::string(width > check.check.size() ? width - check.check.size() : 0, ' ') << "  " << check.detail
        << "\n";
    if (!check.mend.empty()) out << "      → " << check.mend << "\n";
  }
}

}  // namespace

int run_doctor(std::ostream& out, const DoctorOptions& options) {
  const auto checks = all_checks(options);
  if (options.json) {
    print_json(out, checks);
  } else {
    print_lines(out, checks, options.color);
  }
  return exit_code(checks);
}

}  // namespace mme

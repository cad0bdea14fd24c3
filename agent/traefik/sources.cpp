// SPDX-License-Identifier: Apache-2.0
#include "traefik/sources.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "traefik/api.h"
#include "traefik/middleware_check.h"
#include "traefik/resolve.h"

namespace mme::traefik {
namespace {

constexpr std::chrono::seconds kApiKept{30};      // what it said, once it fails
constexpr std::chrono::seconds kDockerWhole{60};  // everything is asked again, should an event have been lost
// {"event":["die","health_status","start"],"type":["container"]}: after these Traefik itself looks at its containers
// (pkg/provider/docker). A health check's exec_start, every few seconds, is none of them.
constexpr std::string_view kDockerEvents =
    "%7B%22event%22%3A%5B%22die%22%2C%22health_status%22%2C%22start%22%5D%2C"
    "%22type%22%3A%5B%22container%22%5D%7D";

// Of addresses that mean every interface.
std::string reachable_host(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

std::string of_status(const Endpoint& endpoint, const std::string& path, int status) {
  const std::string what = fmt::format("{}:{}{} answers {}", endpoint.host, endpoint.port, path, status);
  if (status == 401 || status == 403) {
    return what +
           ": Traefik's API asks for credentials, which the agent does not have; names come from Traefik's "
           "files and from Docker instead";
  }
  return what + (status == 404 ? ": this is not Traefik's API (see targets.traefik[].api)" : "");
}

std::vector<std::string> sentences(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : diagnostics) out.push_back(to_string(diagnostic));
  return out;
}

int64_t unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string docker_time(int64_t ns) {
  return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

// The body of an answer with status 200.
tl::expected<std::string, std::string> body(const Endpoint& endpoint, const std::string& path) {
  auto answer = fetch(endpoint, path);
  if (!answer) return tl::make_unexpected(std::move(answer.error()));
  if (answer->status != 200) {
    return tl::make_unexpected(
        fmt::format("Docker answers {} to {}: {}", answer->status, path, answer->body.substr(0, 200)));
  }
  return std::move(answer->body);
}

}  // namespace

ProcessSources::ProcessSources(pid_t pid, GivenNames given, std::string proc)
    : pid_(pid), given_(std::move(given)), proc_(std::move(proc)) {}

Learnt ProcessSources::refresh(Clock::time_point now) {
  if (!static_) read_static();
  ask_api(now);
  read_files();
  ask_docker(now);
  if (std::exchange(changed_, false)) learn();
  return learnt_;
}

void ProcessSources::says(Known& source, std::string seen, tl::expected<Configuration, Diagnostics> configuration) {
  source.seen = std::move(seen);
  changed_ = true;
  if (!configuration) return fails(source, sentences(configuration.error()));
  source.read = true;
  source.configuration = std::move(*configuration);
  source.problems.clear();
}

void ProcessSources::fails(Known& source, std::vector<std::string> problems) {
  changed_ = changed_ || source.problems != problems;
  source.problems = std::move(problems);
}

void ProcessSources::read_static() {
  auto configuration = load_static(pid_, proc_);
  if (!configuration) return fails(internal_, sentences(configuration.error()));
  static_ = std::move(*configuration);
  says(internal_, {}, internal_configuration(*static_));
}

std::optional<Endpoint> ProcessSources::api_endpoint() {
  if (!given_.api.empty()) {
    auto endpoint = parse_endpoint(given_.api);
    if (endpoint) return *endpoint;
    fails(api_, {"targets.traefik[].api: " + endpoint.error()});
    return std::nullopt;
  }
  if (!static_ || !static_->api || !static_->api_insecure) return std::nullopt;
  const auto found = internal_.configuration.entrypoints.find("traefik");
  if (found == internal_.configuration.entrypoints.end() || found->second.tls) return std::nullopt;
  Endpoint endpoint;
  endpoint.host = reachable_host(found->second.host);
  endpoint.port = found->second.port;
  endpoint.netns = fmt::format("{}/{}/ns/net", proc_, pid_);
  return endpoint;
}

void ProcessSources::ask_api(Clock::time_point now) {
  constexpr const char* path = "/api/rawdata";
  const auto endpoint = api_endpoint();
  if (!endpoint) return;
  auto answer = fetch(*endpoint, path);
  if (answer && answer->status == 200) {
    api_failed_at_.reset();
    if (answer->body == api_.seen) return;  // and has the problems that it had
    const Source source{SourceKind::api, to_string(*endpoint) + path, 0};
    auto configuration = parse_rawdata(answer->body, source);
    says(api_, std::move(answer->body), std::move(configuration));
    return ask_entrypoints(*endpoint);
  }
  fails(api_, {answer ? of_status(*endpoint, path, answer->status) : answer.error()});
  api_.seen.clear();
  if (!api_failed_at_) api_failed_at_ = now;
  if (now - *api_failed_at_ < kApiKept || api_.configuration == Configuration{}) return;
  api_.configuration = {};
  changed_ = true;
}

// They never change while a Traefik runs.
void ProcessSources::ask_entrypoints(const Endpoint& endpoint) {
  constexpr const char* path = "/api/entrypoints";
  if (!api_entrypoints_.seen.empty()) return;
  auto answer = fetch(endpoint, path);
  if (!answer || answer->status != 200) return;
  const Source source{SourceKind::api, to_string(endpoint) + path, 0};
  auto configuration = parse_entrypoints(answer->body, source);
  says(api_entrypoints_, std::move(answer->body), std::move(configuration));
}

void ProcessSources::read_files() {
  if (!static_ || !static_->file) return;
  const auto files = ProcessFiles::open(pid_, proc_);
  if (!files) return fails(file_, {files.error()});
  const auto same = [&](const WatchedFile& file) { return files->stamp(file.path) == file.stamp; };
  if (files_ && std::all_of(files_->begin(), files_->end(), same)) return;
  LoadedFiles loaded = load_files(*static_->file, *files);
  files_ = std::move(loaded.files);
  says(file_, {}, std::move(loaded.configuration));
}

tl::expected<Endpoint, std::string> ProcessSources::docker_endpoint() const {
  auto endpoint = parse_endpoint(static_->docker->endpoint);
  if (!endpoint) return endpoint;
  if (endpoint->unix_socket.empty()) {
    endpoint->netns = fmt::format("{}/{}/ns/net", proc_, pid_);
  } else {
    endpoint->unix_socket = fmt::format("{}/{}/root{}", proc_, pid_, endpoint->unix_socket);
  }
  return endpoint;
}

void ProcessSources::ask_docker(Clock::time_point now) {
  if (!static_ || !static_->docker || !api_.configuration.routers.empty()) return;
  const auto endpoint = docker_endpoint();
  if (!endpoint) return fails(docker_, {"Traefik's Docker endpoint " + endpoint.error()});
  const int64_t until = unix_ns();
  if (docker_asked_at_ && now - *docker_asked_at_ < kDockerWhole) {
    const auto events =
        body(*endpoint, fmt::format("/events?since={}&until={}&filters={}", docker_time(docker_events_from_),
                                    docker_time(until), kDockerEvents));
    if (!events) {
      docker_asked_at_.reset();
      return fails(docker_, {events.error()});
    }
    docker_events_from_ = until;
    if (events->empty()) return;
  }
  docker_events_from_ = until;
  docker_asked_at_ = now;
  read_containers(*endpoint);
}

void ProcessSources::read_containers(const Endpoint& endpoint) {
  const std::string place = static_->docker->endpoint;
  const Source source{SourceKind::docker, place, 0};
  const auto failed = [this](std::vector<std::string> problems) {
    docker_asked_at_.reset();
    fails(docker_, std::move(problems));
  };
  const auto list = body(endpoint, "/containers/json?all=true");
  if (!list) return failed({list.error()});
  const auto ids = parse_container_list(*list, source);
  if (!ids) return failed(sentences(ids.error()));
  std::vector<DockerContainer> containers;
  for (const std::string& id : *ids) {
    const auto text = fetch(endpoint, fmt::format("/containers/{}/json", id));
    if (!text) return failed({text.error()});
    if (text->status == 404) continue;  // gone since
    auto container = parse_container(text->body, source);
    if (!container) return failed(sentences(container.error()));
    containers.push_back(std::move(*container));
  }
  Configuration configuration = docker_configuration(containers, *static_->docker, place);
  if (docker_.read && configuration == docker_.configuration) return fails(docker_, {});
  says(docker_, {}, std::move(configuration));
}

Configuration ProcessSources::given() const {
  Configuration configuration;
  for (const auto& [name, servers] : given_.services) {
    Service service;
    service.name = name;
    service.type = ServiceType::load_balancer;
    for (const std::string& server : servers) {
      service.servers.push_back(server.find("://") == std::string::npos ? "http://" + server : server);
    }
    service.source = {SourceKind::agent, "targets.traefik[].services", 0};
    configuration.services.emplace(name, std::move(service));
  }
  return configuration;
}

// What was never read may have routers. Where Traefik's API answers, `merged` knows better.
void ProcessSources::note_unread() {
  if (!static_) internal_.configuration.unread = {"the static configuration"};
  if (static_ && static_->file && !file_.read) file_.configuration.unread = {"the provider file"};
  if (static_ && static_->docker && !docker_.read) docker_.configuration.unread = {"the provider docker"};
}

void ProcessSources::learn() {
  note_unread();
  Configuration configuration = resolved(merged({given(), api_.configuration, api_entrypoints_.configuration,
                                                 internal_.configuration, file_.configuration, docker_.configuration}));
  look_at_users(configuration);
  Names& names = learnt_.names;
  names = names_of(configuration, [this](std::string_view host) { return addresses(host); });
  if (static_) names.own_metrics = own_metrics(*static_);
  for (const Known* source : {&internal_, &api_, &api_entrypoints_, &file_, &docker_}) {
    names.problems.insert(names.problems.end(), source->problems.begin(), source->problems.end());
  }
  const bool same = learnt_.configuration && *learnt_.configuration == configuration;
  if (!same) {
    routing_problems_ = routing_problems(configuration);
    learnt_.configuration = std::make_shared<const Configuration>(std::move(configuration));
  }
  names.problems.insert(names.problems.end(), routing_problems_.begin(), routing_problems_.end());
}

void ProcessSources::look_at_users(Configuration& configuration) const {
  const auto files = ProcessFiles::open(pid_, proc_);
  look_at_files(configuration, [&](const std::string& path) -> std::optional<std::string> {
    auto text = files ? files->read(path) : tl::make_unexpected(ENOENT);
    if (!text) return std::nullopt;
    return std::move(*text);
  });
}

std::vector<std::string> ProcessSources::addresses(std::string_view host) const {
  const auto files = ProcessFiles::open(pid_, proc_);
  const auto text = files ? files->read("/etc/hosts") : tl::make_unexpected(ENOENT);
  const auto hosts = parse_hosts(text.value_or(""));
  const auto found = hosts.find(host);
  if (found != hosts.end()) return found->second;
  if (host == "localhost") return {"127.0.0.1", "::1"};
  return {};
}

}  // namespace mme::traefik

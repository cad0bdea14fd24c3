// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "traefik/docker.h"
#include "traefik/fetch.h"
#include "traefik/loader.h"
#include "traefik/model.h"
#include "traefik/names.h"

namespace mme::traefik {

// What the agent's own configuration says of a Traefik.
struct GivenNames {
  std::map<std::string, std::vector<std::string>> services;  // "mme-tagging@docker" → "10.0.0.5:8000"
  std::string api;                                           // "http://127.0.0.1:9000"; empty: as Traefik's files say

  bool operator==(const GivenNames&) const = default;
};

// What all sources say together.
struct Learnt {
  Names names;
  std::shared_ptr<const Configuration> configuration;  // after `resolved`; another pointer only with another value
};

// Everything that says how one running Traefik names things. Asking again is cheap where nothing has changed. Blocks
// for seconds where a server does not answer; one caller at a time, in a thread of its own.
class ProcessSources {
 public:
  using Clock = std::chrono::steady_clock;

  ProcessSources(pid_t pid, GivenNames given, std::string proc = "/proc");

  // Looks at every source. A source that fails keeps what it said last, and is among the problems.
  [[nodiscard]] Learnt refresh(Clock::time_point now);

 private:
  // What a source said last.
  struct Known {
    std::string seen;   // raw: as long as it is the same nothing is parsed
    bool read = false;  // at least once; until then the configuration is not known to be empty
    Configuration configuration;
    std::vector<std::string> problems;
  };

  void read_static();
  void ask_api(Clock::time_point now);
  void ask_entrypoints(const Endpoint& endpoint);
  void read_files();
  void ask_docker(Clock::time_point now);
  void read_containers(const Endpoint& endpoint);
  void says(Known& source, std::string seen, tl::expected<Configuration, Diagnostics> configuration);
  void fails(Known& source, std::vector<std::string> problems);
  [[nodiscard]] std::optional<Endpoint> api_endpoint();
  [[nodiscard]] tl::expected<Endpoint, std::string> docker_endpoint() const;
  [[nodiscard]] Configuration given() const;
  void note_unread();
  void learn();
  void look_at_users(Configuration& configuration) const;
  [[nodiscard]] std::vector<std::string> addresses(std::string_view host) const;

  pid_t pid_;
  GivenNames given_;
  std::string proc_;
  std::optional<StaticConfiguration> static_;
  Known internal_;
  Known api_;
  Known api_entrypoints_;
  Known file_;
  Known docker_;
  std::optional<std::vector<WatchedFile>> files_;  // that the file provider read; nothing: not yet
  std::optional<Clock::time_point> api_failed_at_;
  std::optional<Clock::time_point> docker_asked_at_;
  int64_t docker_events_from_ = 0;  // Unix time in nanoseconds
  bool changed_ = true;             // since learnt_ was made
  Learnt learnt_;
  std::vector<std::string> routing_problems_;  // of its configuration
};

}  // namespace mme::traefik

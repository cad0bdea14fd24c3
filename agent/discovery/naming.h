// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace mme {

// The part of a cgroup path that a restarted service has again: container ids cut to 12 digits, a Kubernetes pod by its
// slice without the container, since that id is new at every restart.
[[nodiscard]] std::string place_of(std::string_view cgroup);

// A live process that wants a name.
struct NameClaim {
  pid_t pid = 0;
  uint64_t start_ticks = 0;
  std::string base;   // "traefik"
  std::string place;  // place_of its cgroup
  uint16_t port = 0;  // its lowest; 0: it does not listen yet

  [[nodiscard]] std::pair<pid_t, uint64_t> process() const { return {pid, start_ticks}; }
};

// Gives unique names that stay as long as their base does: the base alone where one process has it, else "base@place",
// else "base@place:port".
class NameBook {
 public:
  // Names in the order of the claims. Empty: two processes of one place cannot be told apart before they listen.
  [[nodiscard]] std::vector<std::string> assign(const std::vector<NameClaim>& claims);

 private:
  using Place = std::tuple<std::string, std::string, uint16_t>;  // base, place, port

  struct Held {
    std::string base;
    std::string name;
  };

  std::string choose(const NameClaim& claim, const std::vector<NameClaim>& claims) const;
  std::string remembered(const NameClaim& claim) const;
  bool taken(const std::string& name) const;

  std::map<std::pair<pid_t, uint64_t>, Held> names_;  // of live processes
  std::map<Place, std::string> places_;               // what was called so before, bounded
  std::set<std::string> given_;                       // bases that were ever given plainly
};

}  // namespace mme

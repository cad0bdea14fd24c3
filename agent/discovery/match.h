// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discovery/rules.h"

namespace mme {

// What a process looks like from outside.
struct ProcessImage {
  pid_t pid = 0;
  std::string comm;               // at most 15 bytes
  std::string exe;                // path; empty where it cannot be read
  std::vector<std::string> argv;  // its beginning
  std::string cgroup;             // below the cgroup v2 mount; empty: not known
};

enum class Match : uint8_t {
  no,
  not_yet,  // has the name, but is a script or a launcher that may become the server by exec, or a one-shot command
  yes,
};

[[nodiscard]] Match match(const TargetRule& rule, const ProcessImage& image);

// Shells, interpreters and the inits of containers: what stands before a server, not the server. A comm or an exe's
// basename.
[[nodiscard]] bool is_launcher(std::string_view name);

// The process name that the rule asks for; empty: it asks for none.
[[nodiscard]] std::string wanted_process(const TargetRule& rule);

// The rule for people: "traefik", "pid 123", "cgroup /a".
[[nodiscard]] std::string describe(const TargetRule& rule);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "config/config.h"
#include "discovery/rules.h"
#include "mongo/server_status.h"

namespace mme {

struct DoctorOptions {
  bool json = false;   // an array of {check, status, detail, mend} instead of lines
  bool color = false;  // ANSI colours for the status; the caller knows the terminal and NO_COLOR
  std::vector<TargetRule> rules = default_rules();
  CompatTraefik compat_traefik = CompatTraefik::automatic;
  std::vector<mongo::AskedMongod> mongods = {};  // to ask for their serverStatus
  std::vector<std::string> uri_warnings = {};
  std::string listen = "127.0.0.1:9477";  // ADDRESS:PORT that `run` would take
};

// What this host offers and lacks for the agent, one line a check with the mend. Loads a tiny program and map and
// closes them again; attaches nothing. Returns the exit code: 0 ok or warnings only, 3 something will be degraded, 1
// something stops the agent.
[[nodiscard]] int run_doctor(std::ostream& out, const DoctorOptions& options);

}  // namespace mme

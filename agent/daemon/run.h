// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "config/config.h"

namespace mme {

// What the command line says; it has precedence over the file, also at a reload.
struct RunOptions {
  std::string config_file;  // empty: defaults
  std::optional<ListenAddress> listen;
  std::optional<LogLevel> log_level;
  std::optional<LogFormat> log_format;
};

// The file with the URIs that it refers to, or the defaults, with what the command line says.
[[nodiscard]] tl::expected<Config, ConfigErrors> read_config(const RunOptions& options);

// `run --config.check`: says on `out` that the file is fine, or on `err` all that is wrong. Returns 0 or 2.
[[nodiscard]] int check_config(const RunOptions& options, std::ostream& out, std::ostream& err);

// The agent, until SIGTERM or SIGINT (0). 1: it cannot load or listen; 2: the configuration is wrong. Logs to stderr.
// SIGHUP reads the file again. Blocks these signals in the calling thread, which must be the only one.
[[nodiscard]] int run_agent(const RunOptions& options, std::ostream& err);

}  // namespace mme

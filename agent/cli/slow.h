// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

#include "mongo/slow_files.h"
#include "mongo/slow_groups.h"

namespace mme {

// The file of the packaged configuration.
inline constexpr const char* kSlowFile = "/var/lib/mme-agent/slow.jsonl";

struct SlowOptions {
  std::string file;         // what SlowLog writes
  std::string config_file;  // or the agent's configuration, which says; neither: kSlowFile
  mongo::SlowFilter filter;
  size_t lines = 20;  // the newest commands, or the groups that took the most time
  std::optional<mongo::SlowGrouping> by;
  bool follow = false;  // and what comes, until SIGINT or SIGTERM; not with `by`
  bool json = false;
  std::optional<size_t> width;  // of the terminal; none: it is none
};

// Shows slow commands. Returns 0, 1 when there is nothing to read, 2 when the configuration is wrong. With `follow` it
// blocks SIGINT and SIGTERM in the calling thread, which must be the only one that could take them.
[[nodiscard]] int run_slow(const SlowOptions& options, std::ostream& out, std::ostream& err);

}  // namespace mme

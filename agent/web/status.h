// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/rates.h"
#include "metrics/snapshot.h"

namespace mme {

// One line of the status: an entrypoint, a route, a router, an upstream server or a MongoDB command of one target.
struct GroupStatus {
  GroupKey key;
  GroupFigures window;  // the last Status::window_s
  GroupFigures total;   // since the agent began
};

// What /api/v1/status answers and `mme-agent status` shows.
struct Status {
  std::string version;
  std::string revision;
  double uptime_s = 0;
  std::vector<std::string> problems;  // why the agent is not ready; empty: it is
  std::vector<std::string> notes;     // remarks that do not make it unready
  bool config_reload_ok = true;
  double window_s = 0;  // length of the window; 0: the agent has just begun
  std::vector<TargetState> targets;
  std::vector<Attachment> attachments;
  std::vector<GroupStatus> groups;  // ascending by key
  std::map<std::string, ProtocolAccount> accounts;
  std::map<std::string, uint64_t> series_in_use;
  std::map<std::string, uint64_t> series_overflow;
  std::vector<ProgramCost> programs;
  std::map<std::string, uint64_t> map_bytes;
  ProcessUsage process;
  uint64_t open_entrypoint_connections = 0;
  uint64_t open_mongo_connections = 0;
};

// The groups of `after`, with what happened since `before`. Pure.
[[nodiscard]] std::vector<GroupStatus> group_status(const Totals& before, const Totals& after);

// One JSON object; text that is not UTF-8 is replaced. docs/metrics.md describes the fields.
[[nodiscard]] std::string to_json(const Status& status);

// The reverse. Fields that are missing keep their defaults; an error when the text is no such object.
[[nodiscard]] Result<Status> parse_status(std::string_view json);

}  // namespace mme

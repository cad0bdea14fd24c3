// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mme {

// One sample of what mongod says of itself, under mongodb_exporter's name.
struct StatusSample {
  std::string family;                                       // "mongodb_ss_connections"
  std::string help;                                         // the exporter's: "serverStatus.connections"
  bool counter = false;                                     // else untyped
  std::vector<std::pair<std::string, std::string>> labels;  // no name twice
  double value = 0;
};

// The answer of one mongod that is asked for its serverStatus.
struct MongodStatus {
  std::string target;        // the label `target` where several are asked
  bool up = false;           // it answered, within the time that a scrape gives it
  std::string cluster_role;  // "mongod", "mongos", "arbiter"; empty: it did not answer
  std::vector<StatusSample> samples;
};

}  // namespace mme

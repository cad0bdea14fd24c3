// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "discovery/listen_sockets.h"

namespace mme {

// A process that a rule has matched, with what it listens on.
struct Candidate {
  pid_t pid = 0;
  uint64_t start_ticks = 0;
  size_t rule = 0;  // index
  std::vector<ListenSocket> sockets;
};

// One target for one server. Of processes that descend from each other those that listen stay, or the first where none
// does; a socket that several hold (fork) counts for the oldest. A child that shares all of its parent's sockets thus
// goes, and so do the waiting parents of `mongod --fork`. `descends(pid, ancestor)` tells the kinship.
[[nodiscard]] std::vector<Candidate> one_per_server(std::vector<Candidate> candidates,
                                                    const std::function<bool(pid_t, pid_t)>& descends);

}  // namespace mme

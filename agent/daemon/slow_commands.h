// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "mongo/slow_command.h"
#include "mongo/slow_log.h"

namespace mme {

// Slow commands on their way to the file. Thread-safe; add() never waits for the disk.
class SlowCommands {
 public:
  static constexpr size_t kWaitingMax = 10000;

  // The file from now on; none where `slow` has none.
  void configure(const SlowConfig& slow);

  // Lost, and counted, where kWaitingMax wait already.
  void add(mongo::SlowCommand command);
  // Writes what waits.
  void write();

  // A line for people; empty: nothing is wrong.
  [[nodiscard]] std::string problem() const;
  // That are in no file but should be; never goes down.
  [[nodiscard]] uint64_t lost() const;

 private:
  mutable std::mutex waiting_mutex_;
  std::vector<mongo::SlowCommand> waiting_;
  bool wanted_ = false;
  uint64_t lost_ = 0;
  std::string problem_;

  std::mutex log_mutex_;  // taken before waiting_mutex_
  std::optional<mongo::SlowLog> log_;
};

}  // namespace mme

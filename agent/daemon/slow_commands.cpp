// SPDX-License-Identifier: Apache-2.0
#include "daemon/slow_commands.h"

#include <utility>

namespace mme {

void SlowCommands::configure(const SlowConfig& slow) {
  const std::lock_guard log_lock(log_mutex_);
  if (slow.file.empty()) {
    log_.reset();
  } else if (mongo::SlowLogSettings settings{slow.file, slow.max_bytes, slow.files}; log_) {
    log_->change(std::move(settings));
  } else {
    log_.emplace(std::move(settings));
  }
  const std::lock_guard lock(waiting_mutex_);
  wanted_ = log_.has_value();
  if (!wanted_) waiting_.clear();
  problem_.clear();
}

void SlowCommands::add(mongo::SlowCommand command) {
  const std::lock_guard lock(waiting_mutex_);
  if (!wanted_) return;
  if (waiting_.size() >= kWaitingMax) {
    ++lost_;
    return;
  }
  waiting_.push_back(std::move(command));
}

void SlowCommands::write() {
  const std::lock_guard log_lock(log_mutex_);
  if (!log_) return;
  std::vector<mongo::SlowCommand> taken;
  {
    const std::lock_guard lock(waiting_mutex_);
    taken.swap(waiting_);
  }
  if (taken.empty()) return;
  uint64_t lost = 0;
  for (const mongo::SlowCommand& command : taken) lost += log_->append(to_json_line(command)) ? 0 : 1;
  const std::lock_guard lock(waiting_mutex_);
  problem_ = log_->problem();
  lost_ += lost;
}

std::string SlowCommands::problem() const {
  const std::lock_guard lock(waiting_mutex_);
  return problem_.empty() ? std::string() : "slow commands are lost: " + problem_;
}

uint64_t SlowCommands::lost() const {
  const std::lock_guard lock(waiting_mutex_);
  return lost_;
}

}  // namespace mme

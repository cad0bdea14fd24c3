// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discovery/host_checks.h"
#include "metrics/snapshot.h"
#include "mongo/server_status.h"

// What people are told of how mongods answer serverStatus. Pure; texts without credentials.
namespace mme {

// Fills TargetState::server_status of every mongod. `asked_names` is by TargetState::rule.
void describe_server_status(std::vector<TargetState>& targets, const std::vector<std::string>& asked_names,
                            const std::vector<mongo::AskedState>& states, mongo::AskedState::Clock::time_point now);

// A sentence for each that does not answer.
[[nodiscard]] std::vector<std::string> server_status_notes(const std::vector<mongo::AskedState>& states,
                                                           mongo::AskedState::Clock::time_point now);

// A mongod that the doctor has asked.
struct AskedOnce {
  std::string address;
  std::optional<mongo::AskError> error;  // none: it answered
};

// The doctor's lines.
[[nodiscard]] std::vector<Check> check_server_status(const std::vector<AskedOnce>& answers,
                                                     const std::vector<std::string>& uri_warnings);

}  // namespace mme

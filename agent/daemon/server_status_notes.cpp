// SPDX-License-Identifier: Apache-2.0
#include "daemon/server_status_notes.h"

#include <algorithm>

namespace mme {
namespace {

constexpr const char* kNotAsked = "not asked: the target has neither uri_file nor uri_env";

std::string failing(const mongo::AskedState& state, mongo::AskedState::Clock::time_point now) {
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - state.failing_since).count();
  return "no answer from " + state.address + " for " + std::to_string(since) + " s: " + to_string(*state.error);
}

std::string description(const mongo::AskedState& state, mongo::AskedState::Clock::time_point now) {
  if (state.error) return failing(state, now);
  return state.asked ? state.address + " answers" : state.address + " is being asked";
}

}  // namespace

void describe_server_status(std::vector<TargetState>& targets, const std::vector<std::string>& asked_names,
                            const std::vector<mongo::AskedState>& states, mongo::AskedState::Clock::time_point now) {
  for (TargetState& target : targets) {
    if (target.kind != "mongod") continue;
    const std::string name = target.rule < asked_names.size() ? asked_names[target.rule] : "";
    const auto asked = std::find_if(states.begin(), states.end(), [&](const auto& one) { return one.name == name; });
    target.server_status = name.empty() || asked == states.end() ? kNotAsked : description(*asked, now);
  }
}

std::vector<std::string> server_status_notes(const std::vector<mongo::AskedState>& states,
                                             mongo::AskedState::Clock::time_point now) {
  std::vector<std::string> notes;
  for (const mongo::AskedState& state : states) {
    if (state.error) notes.push_back("serverStatus: " + failing(state, now));
  }
  return notes;
}

std::vector<Check> check_server_status(const std::vector<AskedOnce>& answers,
                                       const std::vector<std::string>& uri_warnings) {
  std::vector<Check> checks;
  for (const auto& [address, error] : answers) {
    const std::string name = "serverStatus " + address;
    if (error) {
      checks.push_back({name, CheckStatus::warn, error->what, error->mend, false});
    } else {
      checks.push_back({name, CheckStatus::ok, "answers", "", false});
    }
  }
  if (answers.empty()) {
    checks.push_back({"serverStatus", CheckStatus::ok,
                      "not asked: no target has uri_file or uri_env, so there are no mongodb_* families", "", false});
  }
  for (const std::string& warning : uri_warnings) {
    checks.push_back({"credentials", CheckStatus::warn, warning, "", false});
  }
  return checks;
}

}  // namespace mme

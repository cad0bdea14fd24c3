// SPDX-License-Identifier: Apache-2.0
#include "daemon/server_status_notes.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using Clock = mongo::AskedState::Clock;
const Clock::time_point kNow = Clock::time_point() + std::chrono::hours(1);

std::vector<mongo::AskedState> states() {
  mongo::AskedState answers{.name = "a", .address = "127.0.0.1:1", .asked = true, .error = {}};
  mongo::AskedState fails{.name = "b", .address = "127.0.0.1:2", .asked = true, .error = {}};
  fails.error = mongo::AskError{"authentication failed", "correct it"};
  fails.failing_since = kNow - std::chrono::seconds(12);
  mongo::AskedState begins{.name = "c", .address = "127.0.0.1:3", .error = {}};
  return {answers, fails, begins};
}

TEST(ServerStatusNotes, EveryMongodSaysWhetherItIsAsked) {
  std::vector<TargetState> targets(6);
  for (size_t i = 0; i < targets.size(); ++i) {
    targets[i].kind = i == 5 ? "traefik" : "mongod";
    targets[i].rule = i;
  }
  describe_server_status(targets, {"a", "b", "c", ""}, states(), kNow);
  EXPECT_EQ(targets[0].server_status, "127.0.0.1:1 answers");
  EXPECT_EQ(targets[1].server_status, "no answer from 127.0.0.1:2 for 12 s: authentication failed (correct it)");
  EXPECT_EQ(targets[2].server_status, "127.0.0.1:3 is being asked");
  EXPECT_EQ(targets[3].server_status, "not asked: the target has neither uri_file nor uri_env");
  EXPECT_EQ(targets[4].server_status, targets[3].server_status);
  EXPECT_EQ(targets[5].server_status, "");
}

TEST(ServerStatusNotes, OnlyOfThoseThatDoNotAnswer) {
  EXPECT_EQ(server_status_notes(states(), kNow),
            (std::vector<std::string>{
                "serverStatus: no answer from 127.0.0.1:2 for 12 s: authentication failed (correct it)"}));
}

TEST(ServerStatusNotes, OfTheDoctor) {
  const std::vector<AskedOnce> answers = {{"127.0.0.1:1", {}},
                                          {"127.0.0.1:2", mongo::AskError{"connection refused", "start it"}}};
  EXPECT_EQ(
      check_server_status(answers, {"the file is open"}),
      (std::vector<Check>{{"serverStatus 127.0.0.1:1", CheckStatus::ok, "answers", "", false},
                          {"serverStatus 127.0.0.1:2", CheckStatus::warn, "connection refused", "start it", false},
                          {"credentials", CheckStatus::warn, "the file is open", "", false}}));
  EXPECT_EQ(check_server_status({}, {}).size(), 1u);
}

}  // namespace
}  // namespace mme

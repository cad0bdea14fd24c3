// SPDX-License-Identifier: Apache-2.0
#include "daemon/member_notes.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(MemberNotes, OfEveryMongod) {
  std::vector<TargetState> targets(3);
  targets[0].kind = targets[1].kind = "mongod";
  targets[2].kind = "traefik";
  targets[0].name = targets[2].name = "a";
  targets[1].name = "b";
  describe_members(targets, {{.target = "a", .set = "rs0", .me = "a:27017", .role = "primary"}});
  EXPECT_EQ(targets[0].replica_set, "rs0");
  EXPECT_EQ(targets[0].role, "primary");
  EXPECT_EQ(targets[0].me, "a:27017");
  EXPECT_EQ(targets[0].role_note, "");
  EXPECT_EQ(targets[1].role, "");
  EXPECT_EQ(targets[1].role_note, "not known: no reply to a hello was seen yet");
  EXPECT_EQ(targets[2].role + targets[2].role_note, "");
}

}  // namespace
}  // namespace mme

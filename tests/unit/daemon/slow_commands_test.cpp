// SPDX-License-Identifier: Apache-2.0
#include "daemon/slow_commands.h"

#include <utility>

#include "../mongo/temporary_directory.h"

namespace mme {
namespace {

class SlowCommandsTest : public test::TemporaryDirectory {
 protected:
  void write_one() {
    mongo::SlowCommand slow;
    slow.command = "find";
    commands_.add(std::move(slow));
    commands_.write();
  }

  SlowCommands commands_;
};

SlowConfig to(const std::string& file) {
  SlowConfig slow;
  slow.file = file;
  return slow;
}

TEST_F(SlowCommandsTest, WrittenOnceThereIsAFile) {
  write_one();
  commands_.configure(to(path("slow.jsonl")));
  write_one();
  EXPECT_EQ(content("slow.jsonl").find("\"command\":\"find\""), content("slow.jsonl").rfind("\"command\""));
  EXPECT_EQ(commands_.problem(), "");
  EXPECT_EQ(commands_.lost(), 0U);
}

TEST_F(SlowCommandsTest, WhatWasLostStaysLost) {
  const SlowConfig nowhere = to(path("none/none/slow.jsonl"));
  commands_.configure(nowhere);
  write_one();
  write_one();
  EXPECT_EQ(commands_.lost(), 2U);
  EXPECT_NE(commands_.problem(), "");
  commands_.configure({});
  EXPECT_EQ(commands_.lost(), 2U);
  EXPECT_EQ(commands_.problem(), "");
  commands_.configure(nowhere);
  write_one();
  EXPECT_EQ(commands_.lost(), 3U);
}

}  // namespace
}  // namespace mme

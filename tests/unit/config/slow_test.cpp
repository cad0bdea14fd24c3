// SPDX-License-Identifier: Apache-2.0
#include "config/slow_threshold.h"
#include "support.h"

namespace mme {
namespace {

using namespace std::chrono_literals;

TEST(SlowConfig, Defaults) {
  const SlowConfig slow = config_of("slow:").slow;
  EXPECT_EQ(slow, SlowConfig{});
  EXPECT_EQ(slow.threshold, 100ms);
  EXPECT_EQ(slow.file, "");
  EXPECT_EQ(slow.max_bytes, 10U << 20U);
  EXPECT_EQ(slow.files, 3U);
  EXPECT_FALSE(slow.literals);
}

TEST(SlowConfig, AllKeys) {
  const SlowConfig slow = config_of(R"(slow:
  threshold: 0ms
  overrides: {mme.memories: 50ms, "mme.memories:find": 1.5s, command:getMore: 1h, mme: 0s, a.b.c: 1s, a.b:c:d: 1s}
  file: /var/lib/mme-agent/slow.jsonl
  max_size: 64KiB
  files: 100
  literals: true
)")
                              .slow;
  EXPECT_EQ(slow.threshold, 0ns);
  const std::map<std::string, std::chrono::nanoseconds, std::less<>> overrides = {
      {"mme.memories", 50ms}, {"mme.memories:find", 1500ms}, {"command:getMore", 1h}, {"mme", 0s}, {"a.b.c", 1s},
      {"a.b:c:d", 1s}};
  EXPECT_EQ(slow.overrides, overrides);
  EXPECT_EQ(slow.file, "/var/lib/mme-agent/slow.jsonl");
  EXPECT_EQ(slow.max_bytes, 65536U);
  EXPECT_EQ(slow.files, 100U);
  EXPECT_TRUE(slow.literals);
  EXPECT_EQ(config_of("slow: {file: \"\"}").slow.file, "");
}

TEST(SlowConfig, EveryErrorWithItsPlace) {
  EXPECT_EQ(errors_of(R"(slow:
  treshold: 1s
  threshold: 100
  file: slow.jsonl
  max_size: 1KiB
  files: 0
  literals: "true"
  overrides:
    mme.memories: 2h
    mme: fast
    "mme:find": 1s
    "command:": 1s
    .a: 1s
    a.: 1s
    "a.:find": 1s
    a: 1s
    a: 2s
)"),
            R"(a.yaml:2:3: slow.treshold: unknown key; did you mean threshold?
a.yaml:3:14: slow.threshold: 100 is a number; expected a duration such as 100ms, 1.5s or 10m, at most 1h
a.yaml:4:9: slow.file: "slow.jsonl" is no absolute path; expected the absolute path of a file
a.yaml:5:13: slow.max_size: "1KiB" is out of range; expected a size such as 512KiB, 10MiB or 1GiB, from 64KiB to 100GiB
a.yaml:6:10: slow.files: 0 is out of range; expected a whole number from 1 to 100
a.yaml:7:13: slow.literals: "true" is quoted, so it is text; expected true or false
a.yaml:9:19: slow.overrides."mme.memories": "2h" is out of range; expected a duration such as 100ms, 1.5s or 10m, at most 1h
a.yaml:10:10: slow.overrides.mme: "fast" does not begin with a number; expected a duration such as 100ms, 1.5s or 10m, at most 1h
a.yaml:11:5: slow.overrides."mme:find": "mme:find" names no commands; expected DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND
a.yaml:12:5: slow.overrides."command:": "command:" names no commands; expected DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND
a.yaml:13:5: slow.overrides.".a": ".a" names no commands; expected DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND
a.yaml:14:5: slow.overrides."a.": "a." names no commands; expected DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND
a.yaml:15:5: slow.overrides."a.:find": "a.:find" names no commands; expected DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND or command:COMMAND
a.yaml:17:5: slow.overrides.a: given twice, first on line 16; remove one of them)");
  EXPECT_EQ(errors_of("slow: [1]"), "a.yaml:1:7: slow: is a list; expected a map (key: value)");
  EXPECT_EQ(errors_of("slow: {file: /var/lib/}"),
            "a.yaml:1:14: slow.file: \"/var/lib/\" is a directory; expected the absolute path of a file");
  EXPECT_EQ(errors_of("slow: {literals: 1}"), "a.yaml:1:18: slow.literals: 1 is a number; expected true or false");
  EXPECT_EQ(
      errors_of("slow: {threshold: 1min}"),
      "a.yaml:1:19: slow.threshold: \"min\" is no unit, one of ns, us, ms, s, m, h, d; expected a duration such as "
      "100ms, 1.5s or 10m, at most 1h");
}

TEST(SlowThreshold, TheMostSpecificWins) {
  SlowConfig slow = config_of(R"(slow:
  threshold: 100ms
  overrides: {mme: 5ms, command:find: 4ms, mme.memories: 3ms, mme.memories:find: 2ms}
)")
                        .slow;
  EXPECT_EQ(threshold_of(slow, "find", "mme", "memories"), 2ms);
  EXPECT_EQ(threshold_of(slow, "update", "mme", "memories"), 3ms);
  EXPECT_EQ(threshold_of(slow, "find", "mme", "users"), 4ms);
  EXPECT_EQ(threshold_of(slow, "find", "other", "memories"), 4ms);
  EXPECT_EQ(threshold_of(slow, "update", "mme", "users"), 5ms);
  EXPECT_EQ(threshold_of(slow, "dbStats", "mme", ""), 5ms);
  EXPECT_EQ(threshold_of(slow, "update", "other", "memories"), 100ms);
  EXPECT_EQ(threshold_of(slow, "Find", "MME", "memories"), 100ms);
  EXPECT_EQ(threshold_of(slow, "", "", ""), 100ms);
  EXPECT_EQ(least_threshold(slow), 2ms);
  slow.threshold = 1ms;
  EXPECT_EQ(least_threshold(slow), 1ms);
  EXPECT_EQ(least_threshold(SlowConfig{}), 100ms);
}

TEST(SlowThreshold, CollectionsWithADotOrAColon) {
  const SlowConfig slow = config_of("slow: {overrides: {mme.fs.files: 1ms, mme.a:b: 2ms}}").slow;
  EXPECT_EQ(threshold_of(slow, "find", "mme", "fs.files"), 1ms);
  EXPECT_EQ(threshold_of(slow, "find", "mme", "a:b"), 2ms);
  EXPECT_EQ(threshold_of(slow, "b", "mme", "a"), 2ms);
}

}  // namespace
}  // namespace mme

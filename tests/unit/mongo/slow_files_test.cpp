// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_files.h"

#include <sys/stat.h>

#include "mongo/slow_log.h"
#include "temporary_directory.h"

namespace mme::mongo {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

std::string line_of(const std::string& command, std::chrono::seconds time = 0s) {
  SlowCommand slow;
  slow.time += time;
  slow.command = command;
  return to_json_line(slow);
}

Names commands_of(const std::vector<SlowLine>& lines) {
  Names names;
  for (const SlowLine& line : lines) names.push_back(line.command.command);
  return names;
}

Result<SlowFiles> opened(const std::string& file) {
  bool missing = false;
  auto files = SlowFiles::open(file, missing);
  EXPECT_EQ(missing, !std::filesystem::exists(file) && !std::filesystem::exists(file + ".1"));
  return files;
}

class SlowFilesTest : public test::TemporaryDirectory {
 protected:
  [[nodiscard]] Names newest(size_t count, const SlowFilter& filter = {}) const {
    SlowLines lines(filter);
    auto files = opened(path("slow.jsonl"));
    EXPECT_TRUE(files.has_value()) << files.error().message;
    return files ? commands_of(files->newest(lines, count, false)) : Names{};
  }
  [[nodiscard]] SlowFollower follower() const {
    auto files = opened(path("slow.jsonl"));
    SlowLines lines({});
    (void)files->newest(lines, 0, true);
    return {path("slow.jsonl"), std::move(*files).release_newest()};
  }
  static Names polled(SlowFollower& follower) {
    Names lines;
    follower.poll([&](std::string_view line) { lines.emplace_back(line); });
    return lines;
  }
};

TEST_F(SlowFilesTest, TheNewestOfAllFilesInTheOrderOfTime) {
  write("slow.jsonl.2", line_of("a") + "\n" + line_of("b") + "\n");
  write("slow.jsonl.1", line_of("c") + "\n" + line_of("d") + "\n");
  write("slow.jsonl", line_of("e") + "\n" + line_of("f") + "\n");
  EXPECT_EQ(newest(100), (Names{"a", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(newest(5), (Names{"b", "c", "d", "e", "f"}));
  EXPECT_EQ(newest(2), (Names{"e", "f"}));
  EXPECT_EQ(newest(0), Names{});
  std::filesystem::remove(path("slow.jsonl"));  // as in the middle of a rotation
  EXPECT_EQ(newest(3), (Names{"b", "c", "d"}));
  Names all;
  SlowLines lines({});
  opened(path("slow.jsonl"))->each(lines, [&](const SlowCommand& one) { all.push_back(one.command); });
  EXPECT_EQ(all, (Names{"a", "b", "c", "d"}));
}

TEST_F(SlowFilesTest, NoFile) {
  const auto files = opened(path("slow.jsonl"));
  ASSERT_FALSE(files.has_value());
  EXPECT_EQ(files.error().message, "cannot open " + path("slow.jsonl") + ": ENOENT (No such file or directory)");
  EXPECT_EQ(opened(directory_).error().message,
            directory_.string() + " is not a regular file; name the file of slow.file");
}

TEST_F(SlowFilesTest, DamagedLinesArePassedOverAndCounted) {
  write("slow.jsonl", line_of("a") + "\n" + line_of("b").substr(0, 20) + "\n\n\xff\n" + line_of("c") + "\n{\"time\":");
  SlowLines lines({});
  EXPECT_EQ(commands_of(opened(path("slow.jsonl"))->newest(lines, 10, false)), (Names{"a", "c"}));
  EXPECT_EQ(lines.damaged(), 3U);
  SlowLines growing({});
  EXPECT_EQ(commands_of(opened(path("slow.jsonl"))->newest(growing, 10, true)), (Names{"a", "c"}));
  EXPECT_EQ(growing.damaged(), 2U);
}

TEST_F(SlowFilesTest, Filters) {
  SlowCommand slow;
  slow.time += 100s;
  slow.target = "front", slow.database = "mme", slow.collection = "memories", slow.command = "find";
  slow.application = "tagging";
  write("slow.jsonl", to_json_line(slow));  // without a newline, as an editor leaves it
  EXPECT_EQ(newest(9).size(), 1U);
  const auto passes = [&](const SlowFilter& filter) { return newest(9, filter).size() == 1; };
  EXPECT_TRUE(passes({"front", "mme", "memories", "find", "tagging", std::chrono::system_clock::time_point(100s)}));
  EXPECT_FALSE(passes({.target = "back"}));
  EXPECT_FALSE(passes({.database = "MME"}));
  EXPECT_FALSE(passes({.collection = "mem"}));
  EXPECT_FALSE(passes({.command = "insert"}));
  EXPECT_FALSE(passes({.application = "tag"}));
  EXPECT_FALSE(passes({.since = std::chrono::system_clock::time_point(101s)}));
}

TEST_F(SlowFilesTest, FollowsWholeLines) {
  write("slow.jsonl", "old\n");
  SlowFollower following = follower();
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "one\ntw");
  EXPECT_EQ(polled(following), Names{"one"});
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "o\n");
  EXPECT_EQ(polled(following), Names{"two"});
}

TEST_F(SlowFilesTest, HalfALineThatIsTakenBack) {
  write("slow.jsonl", "one\n");
  SlowFollower following = follower();
  write("slow.jsonl", "half");
  EXPECT_EQ(polled(following), Names{});
  std::filesystem::resize_file(path("slow.jsonl"), 4);
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "two\n");
  EXPECT_EQ(polled(following), Names{"two"});
}

TEST_F(SlowFilesTest, FollowsOverRotations) {
  SlowLog log({path("slow.jsonl"), 8, 9});
  ASSERT_TRUE(log.append("aaa").has_value());
  SlowFollower following = follower();
  ASSERT_TRUE(log.append("bbb").has_value());
  ASSERT_TRUE(log.append("ccc").has_value());
  EXPECT_EQ(polled(following), (Names{"bbb", "ccc"}));
  Names written;
  for (int i = 100; i < 110; ++i) {  // five rotations between two looks
    written.push_back(std::to_string(i));
    ASSERT_TRUE(log.append(written.back()).has_value());
  }
  EXPECT_EQ(polled(following), written);
  EXPECT_EQ(polled(following), Names{});
}

TEST_F(SlowFilesTest, WaitsInTheMiddleOfARotation) {
  write("slow.jsonl", "one\n");
  SlowFollower following = follower();
  std::filesystem::rename(path("slow.jsonl"), path("slow.jsonl.1"));
  write("slow.jsonl.1", "two\n");
  EXPECT_EQ(polled(following), Names{"two"});
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "three\n");
  EXPECT_EQ(polled(following), Names{"three"});
  std::filesystem::rename(path("slow.jsonl.1"), path("slow.jsonl.2"));
  std::filesystem::rename(path("slow.jsonl.2"), path("slow.jsonl.3"));  // 1 and 2 are not there
  EXPECT_EQ(polled(following), Names{});
}

TEST_F(SlowFilesTest, FollowsAFileThatComesAndGoes) {
  SlowFollower following(path("slow.jsonl"), std::nullopt);
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "one\n");
  EXPECT_EQ(polled(following), Names{"one"});
  std::filesystem::rename(path("slow.jsonl"), path("elsewhere"));
  write("slow.jsonl", "two\n");
  EXPECT_EQ(polled(following), Names{"two"});
  std::filesystem::resize_file(path("slow.jsonl"), 0);
  EXPECT_EQ(polled(following), Names{});
  write("slow.jsonl", "1\n2\n");
  EXPECT_EQ(polled(following), (Names{"1", "2"}));
}

TEST_F(SlowFilesTest, ALineThatNeverEndsIsGivenInPieces) {
  write("slow.jsonl", std::string(kLineBytesMax + (1U << 20U), 'x') + "\nend\n");
  bool missing = false;
  auto reader = open_lines(path("slow.jsonl"), missing);
  std::vector<size_t> sizes;
  while (const auto line = reader->next()) sizes.push_back(line->size());
  ASSERT_EQ(sizes.size(), 3U);
  EXPECT_EQ(sizes[0] + sizes[1], kLineBytesMax + (1U << 20U));
  EXPECT_EQ(sizes[2], 3U);
}

}  // namespace
}  // namespace mme::mongo

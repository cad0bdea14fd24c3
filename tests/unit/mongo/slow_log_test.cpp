// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_log.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "temporary_directory.h"

namespace mme::mongo {
namespace {

// A file of a process that may be at most so large, as if the disk were full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : before_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, before_handler_);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

class SlowLogTest : public test::TemporaryDirectory {
 protected:
  [[nodiscard]] SlowLogSettings settings(uint64_t max_bytes = kSlowLogBytes, uint32_t files = 3) const {
    return {path("slow.jsonl"), max_bytes, files};
  }
};

std::string problem_of(const Result<>& result) {
  return result ? std::string() : result.error().message;
}

TEST_F(SlowLogTest, AppendsLines) {
  SlowLog log(settings());
  EXPECT_FALSE(exists("slow.jsonl"));
  ASSERT_TRUE(log.append("one").has_value());
  EXPECT_EQ(content("slow.jsonl"), "one\n");  // no buffer of ours
  ASSERT_TRUE(log.append("two").has_value());
  ASSERT_TRUE(SlowLog(settings()).append("three").has_value());
  EXPECT_EQ(content("slow.jsonl"), "one\ntwo\nthree\n");
}

TEST_F(SlowLogTest, OthersCannotRead) {
  const mode_t before = umask(0);
  SlowLog log({path("deep/slow.jsonl"), kSlowLogBytes, 3});
  EXPECT_EQ(problem_of(log.append("one")), "");
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(path("deep").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0750U);
  ASSERT_EQ(stat(path("deep/slow.jsonl").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST_F(SlowLogTest, Rotates) {
  SlowLog log(settings(8, 2));
  for (const char* line : {"aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg"}) ASSERT_TRUE(log.append(line).has_value());
  EXPECT_EQ(content("slow.jsonl"), "ggg\n");
  EXPECT_EQ(content("slow.jsonl.1"), "eee\nfff\n");
  EXPECT_EQ(content("slow.jsonl.2"), "ccc\nddd\n");
  EXPECT_FALSE(exists("slow.jsonl.3"));
  ASSERT_TRUE(log.append("longer than a file").has_value());
  EXPECT_EQ(content("slow.jsonl"), "longer than a file\n");
  EXPECT_EQ(content("slow.jsonl.1"), "ggg\n");
}

TEST_F(SlowLogTest, CountsWhatWasThereBefore) {
  write("slow.jsonl", "aaa\nbbb\n");
  SlowLog log(settings(8));
  ASSERT_TRUE(log.append("ccc").has_value());
  EXPECT_EQ(content("slow.jsonl.1"), "aaa\nbbb\n");
  EXPECT_EQ(content("slow.jsonl"), "ccc\n");
}

TEST_F(SlowLogTest, ALineBeginsBehindHalfALine) {
  write("slow.jsonl", "aaa\nbb");
  SlowLog log(settings());
  ASSERT_TRUE(log.append("ccc").has_value());
  ASSERT_TRUE(log.append("ddd").has_value());
  EXPECT_EQ(content("slow.jsonl"), "aaa\nbb\nccc\nddd\n");
}

TEST_F(SlowLogTest, AFileThatIsGoneIsMadeAnew) {
  SlowLog log(settings());
  ASSERT_TRUE(log.append("one").has_value());
  std::filesystem::rename(path("slow.jsonl"), path("moved"));
  ASSERT_TRUE(log.append("two").has_value());
  EXPECT_EQ(content("slow.jsonl"), "two\n");
  std::filesystem::remove(path("slow.jsonl"));
  ASSERT_TRUE(log.append("three").has_value());
  EXPECT_EQ(content("slow.jsonl"), "three\n");
  EXPECT_EQ(content("moved"), "one\n");
}

TEST_F(SlowLogTest, AFullDiskLeavesNoHalfLine) {
  SlowLog log(settings());
  ASSERT_TRUE(log.append("aaaaaa").has_value());
  {
    const FileSizeLimit limit(10);
    EXPECT_EQ(problem_of(log.append("bbbbbb")), "cannot write to " + path("slow.jsonl") + ": EFBIG (File too large)");
    EXPECT_EQ(content("slow.jsonl"), "aaaaaa\n");
    EXPECT_FALSE(log.append("cccccc").has_value());
    EXPECT_EQ(log.problem(), "cannot write to " + path("slow.jsonl") + ": EFBIG (File too large)");
  }
  EXPECT_TRUE(log.append("dddddd").has_value());
  EXPECT_EQ(content("slow.jsonl"), "aaaaaa\ndddddd\n");
  EXPECT_EQ(log.problem(), "");
}

TEST_F(SlowLogTest, MissingDirectory) {
  const std::string file = path("a/b/slow.jsonl");
  SlowLog log({file, kSlowLogBytes, 3});
  EXPECT_EQ(problem_of(log.append("one")), "cannot make the directory of " + file +
                                               ": ENOENT (No such file or directory; make the directory " +
                                               path("a/b") + ", or set slow.file to another)");
  std::filesystem::create_directory(path("a"));
  EXPECT_EQ(problem_of(log.append("two")), "");
  EXPECT_EQ(content("a/b/slow.jsonl"), "two\n");
}

TEST_F(SlowLogTest, NoDirectory) {
  write("file", "");
  SlowLog log({path("file/slow.jsonl"), kSlowLogBytes, 3});
  EXPECT_EQ(problem_of(log.append("one")), "cannot open " + path("file/slow.jsonl") +
                                               ": ENOTDIR (Not a directory; make the directory " + path("file") +
                                               ", or set slow.file to another)");
}

TEST_F(SlowLogTest, DirectoryThatCannotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  SlowLog log(settings());
  EXPECT_EQ(problem_of(log.append("one")), "cannot open " + path("slow.jsonl") +
                                               ": EACCES (Permission denied; let the agent's user write to " +
                                               directory_.string() + ", or set slow.file to another)");
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
  EXPECT_TRUE(log.append("two").has_value());
}

TEST_F(SlowLogTest, ALineThatCannotRotateIsLost) {
  SlowLog log(settings(8, 1));
  ASSERT_TRUE(log.append("aaa").has_value());
  ASSERT_TRUE(log.append("bbb").has_value());
  std::filesystem::create_directory(path("slow.jsonl.1"));
  write("slow.jsonl.1/file", "");
  const std::string problem = problem_of(log.append("ccc"));
  EXPECT_TRUE(problem.starts_with("cannot rename to " + path("slow.jsonl.1") + ": " + path("slow.jsonl") + ": E"))
      << problem;
  EXPECT_EQ(content("slow.jsonl"), "aaa\nbbb\n");  // stays bounded
  std::filesystem::remove_all(path("slow.jsonl.1"));
  EXPECT_TRUE(log.append("ddd").has_value());
  EXPECT_EQ(content("slow.jsonl.1"), "aaa\nbbb\n");
  EXPECT_EQ(content("slow.jsonl"), "ddd\n");
}

TEST_F(SlowLogTest, OnlyARegularFile) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  SlowLog fifo({path("fifo"), kSlowLogBytes, 3});
  EXPECT_EQ(problem_of(fifo.append("one")), path("fifo") + " is not a regular file; set slow.file to another");
  SlowLog directory({directory_, kSlowLogBytes, 3});
  EXPECT_EQ(problem_of(directory.append("one")), "cannot open " + directory_.string() + ": EISDIR (Is a directory)");
}

TEST_F(SlowLogTest, ChangesWhileItLives) {
  SlowLog log({path("none/none/slow.jsonl"), kSlowLogBytes, 3});
  EXPECT_FALSE(log.append("one").has_value());
  log.change(settings());
  EXPECT_EQ(log.problem(), "");
  ASSERT_TRUE(log.append("two").has_value());
  log.change(settings(4));
  ASSERT_TRUE(log.append("three").has_value());
  EXPECT_EQ(content("slow.jsonl.1"), "two\n");
}

TEST_F(SlowLogTest, FewerFilesThanBefore) {
  const auto fill = [&] {
    for (int index = 1; index <= 10; ++index) write("slow.jsonl." + std::to_string(index), "x\n");
    write("slow.jsonl.notes", "mine\n");
  };
  const auto kept = [&] {
    std::string files;
    for (int index = 1; index <= 10; ++index) files += exists("slow.jsonl." + std::to_string(index)) ? "+" : "-";
    return files;
  };
  fill();
  SlowLog log(settings(8, 5));
  EXPECT_EQ(kept(), "+++++-----");
  log.change(settings(8, 3));
  EXPECT_EQ(kept(), "+++-------");
  fill();
  for (const char* line : {"aaa", "bbb", "ccc"}) ASSERT_TRUE(log.append(line).has_value());
  EXPECT_EQ(kept(), "+++-------");
  EXPECT_EQ(content("slow.jsonl.1"), "aaa\nbbb\n");
  EXPECT_TRUE(exists("slow.jsonl.notes"));
}

}  // namespace
}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "cli/slow.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "../mongo/temporary_directory.h"
#include "mongo/slow_log.h"

namespace mme {
namespace {

using namespace std::chrono_literals;

mongo::SlowCommand command(const std::string& name, const std::string& collection, std::chrono::milliseconds duration) {
  mongo::SlowCommand slow;
  slow.time += 1714566896s + duration;
  slow.duration = duration;
  slow.target = "mongod";
  slow.database = "mme";
  slow.collection = collection;
  slow.command = name;
  slow.shape = "{" + name + ": ?, filter: {tenantId: ?}}";
  slow.fingerprint = 7;
  slow.application = "tagging";
  slow.response_bytes = 2048;
  return slow;
}

class SlowTest : public test::TemporaryDirectory {
 protected:
  void SetUp() override {
    test::TemporaryDirectory::SetUp();
    options_.file = path("slow.jsonl");
  }

  void append(const mongo::SlowCommand& slow) const { write("slow.jsonl", to_json_line(slow) + "\n"); }
  void fill() const {
    append(command("find", "memories", 120ms));
    append(command("aggregate", "memories", 1500ms));
    append(command("find", "users", 200ms));
  }

  // The exit code; what it says is in out_ and err_.
  int run() {
    std::ostringstream out, err;
    const int code = run_slow(options_, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  SlowOptions options_;
  std::string out_;
  std::string err_;
};

TEST_F(SlowTest, Lists) {
  fill();
  auto failed = command("find", "memories", 300ms);
  failed.documents = 101;
  failed.error = 50;
  failed.error_name = "MaxTimeMSExpired";
  failed.shape_complete = false;
  append(failed);
  auto literal = command("find", "memories", 400ms);
  literal.literals = "{find: 'memories'}";
  literal.error = 51;
  append(literal);
  options_.lines = 4;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_,
            R"(TIME (UTC)          DURATION  COMMAND    NAMESPACE     DOCS     REPLY  ERROR             APP      SHAPE
05-01 12:34:57.500     1.50s  aggregate  mme.memories        2.00 KiB                    tagging  {aggregate: ?, filter: {tenantId: ?}}
05-01 12:34:56.200     200ms  find       mme.users           2.00 KiB                    tagging  {find: ?, filter: {tenantId: ?}}
05-01 12:34:56.300     300ms  find       mme.memories   101  2.00 KiB  MaxTimeMSExpired  tagging  {find: ?, filter: {tenantId: ?}} …
05-01 12:34:56.400     400ms  find       mme.memories        2.00 KiB  51                tagging  {find: 'memories'}
)");
  EXPECT_EQ(err_, "");
}

TEST_F(SlowTest, TargetsWhereThereAreSeveral) {
  fill();
  auto other = command("find", "memories", 300ms);
  other.target = "second";
  append(other);
  EXPECT_EQ(run(), 0);
  EXPECT_NE(out_.find("120ms  mongod  find"), std::string::npos) << out_;
  EXPECT_NE(out_.find("300ms  second  find"), std::string::npos) << out_;
}

TEST_F(SlowTest, FitsTheTerminal) {
  fill();
  options_.width = 100;
  EXPECT_EQ(run(), 0);
  std::istringstream lines(out_);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST_F(SlowTest, JsonIsAsInTheFile) {
  fill();
  options_.json = true;
  options_.filter.command = "find";
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_, to_json_line(command("find", "memories", 120ms)) + "\n" +
                      to_json_line(command("find", "users", 200ms)) + "\n");
}

TEST_F(SlowTest, Groups) {
  fill();
  append(command("find", "memories", 60ms));
  options_.by = mongo::SlowGrouping::shape;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_,
            R"(TOTAL  COUNT     P50    P95    MAX  COMMAND    NAMESPACE     SHAPE
1.50s      1   1.50s  1.50s  1.50s  aggregate  mme.memories  {aggregate: ?, filter: {tenantId: ?}}
200ms      1   200ms  200ms  200ms  find       mme.users     {find: ?, filter: {tenantId: ?}}
180ms      2  60.0ms  120ms  120ms  find       mme.memories  {find: ?, filter: {tenantId: ?}}
)");
  options_.by = mongo::SlowGrouping::name_space;
  options_.lines = 1;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_, "TOTAL  COUNT    P50    P95    MAX  NAMESPACE\n1.68s      3  120ms  1.50s  1.50s  mme.memories\n");
  options_.json = true;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1U);
}

TEST_F(SlowTest, ShapesThatWereNotSeen) {
  auto without = command("find", "memories", 120ms);
  without.shape.clear();
  without.fingerprint.reset();
  append(without);
  EXPECT_EQ(run(), 0);
  EXPECT_TRUE(out_.ends_with("  tagging  -\n")) << out_;
  options_.by = mongo::SlowGrouping::shape;
  EXPECT_EQ(run(), 0);
  EXPECT_TRUE(out_.ends_with("  mme.memories  (shape not seen)\n")) << out_;
  options_.by = mongo::SlowGrouping::command;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_.find("shape"), std::string::npos) << out_;
}

TEST_F(SlowTest, NothingMeant) {
  fill();
  options_.filter.database = "other";
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "mme-agent slow: no command in " + options_.file +
                      " is meant; it has those that took longer than slow.threshold\n");
  options_.by = mongo::SlowGrouping::command;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_, "");
  options_.json = true;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(SlowTest, DamagedLinesInOneNote) {
  fill();
  write("slow.jsonl", "x\n{}\n");
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(err_, "mme-agent slow: passed over 2 damaged lines of " + options_.file + "\n");
}

TEST_F(SlowTest, NoFile) {
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(err_, "mme-agent slow: cannot open " + options_.file +
                      ": ENOENT (No such file or directory)\n"
                      "The agent writes it when slow.file is set and a command takes longer than slow.threshold; name "
                      "the agent's configuration (--config.file) or the file itself (--file).\n");
  EXPECT_EQ(out_, "");
}

TEST_F(SlowTest, TheFileOfTheConfiguration) {
  fill();
  write("agent.yaml", "slow: {file: " + std::exchange(options_.file, "") + "}\n");
  options_.config_file = path("agent.yaml");
  options_.json = true;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 3);
  write("none.yaml", "log: {level: info}\n");
  options_.config_file = path("none.yaml");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(err_, "mme-agent slow: " + path("none.yaml") +
                      " has no slow.file, so the agent writes slow commands nowhere; set it, for instance to "
                      "/var/lib/mme-agent/slow.jsonl, and reload the agent\n");
  write("bad.yaml", "slaw: 1\n");
  options_.config_file = path("bad.yaml");
  EXPECT_EQ(run(), 2);
  EXPECT_EQ(err_, path("bad.yaml") + ":1:1: slaw: unknown key; did you mean slow?\n");
}

TEST_F(SlowTest, NobodyReads) {
  fill();
  std::ostringstream out, err;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(run_slow(options_, out, err), 1);
  EXPECT_NE(err.str().find("cannot write to the standard output"), std::string::npos);
}

class SlowFollow : public SlowTest {
 protected:
  void SetUp() override {
    SlowTest::SetUp();
    // Threads of the test get this mask, so the signal is for the one that follows.
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    options_.follow = true;
    options_.json = true;
  }

  // Follows while `meanwhile` runs; the commands that it showed.
  std::string followed(const std::function<void()>& meanwhile) {
    std::thread writer([&] {
      std::this_thread::sleep_for(400ms);  // the follower has begun
      meanwhile();
      kill(getpid(), SIGTERM);
    });
    EXPECT_EQ(run(), 0);
    writer.join();
    std::string names;
    std::istringstream lines(out_);
    for (std::string line; std::getline(lines, line);) names += mongo::from_json_line(line).value().command + " ";
    return names;
  }
};

TEST_F(SlowFollow, OverRotations) {
  append(command("a", "c", 1ms));
  append(command("b", "c", 1ms));
  options_.lines = 1;
  const uint64_t two_lines = 2 * (to_json_line(command("a", "c", 1ms)).size() + 1);
  mongo::SlowLog log({options_.file, two_lines, 3});
  EXPECT_EQ(followed([&] {
              for (const char* name : {"c", "d", "e", "f", "g"}) {
                EXPECT_TRUE(log.append(to_json_line(command(name, "c", 1ms))).has_value());
              }
            }),
            "b c d e f g ");
  EXPECT_TRUE(exists("slow.jsonl.3"));
}

TEST_F(SlowFollow, WaitsForTheFile) {
  EXPECT_EQ(followed([&] { append(command("a", "c", 1ms)); }), "a ");
  EXPECT_TRUE(err_.ends_with("\nWaiting for it.\n")) << err_;
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_command.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace mme::mongo {
namespace {

using namespace std::chrono_literals;

SlowCommand full_command() {
  SlowCommand command;
  command.time = std::chrono::system_clock::time_point(1714566896s + 789012us);
  command.duration = 123456789ns;
  command.first_byte = 120ms;
  command.target = "mongod";
  command.database = "mme";
  command.collection = "memories";
  command.command = "find";
  command.shape = "{find: ?, filter: {tenantId: ?}}";
  command.fingerprint = 0x00ab;
  command.application = "mme-tagging";
  command.driver = "PyMongo 4.6.0";
  command.client = "10.0.0.3:53122";
  command.request_bytes = 180;
  command.response_bytes = 5'000'000'000;
  command.documents = 101;
  command.cursor_id = std::numeric_limits<int64_t>::min();
  command.cursor_command = "aggregate";
  command.error = 50;
  command.error_name = "MaxTimeMSExpired";
  command.literals = R"({find: "memories", filter: {tenantId: "a"}})";
  return command;
}

std::string problem_of(std::string_view line) {
  const auto command = from_json_line(line);
  return command ? std::string() : command.error().message;
}

TEST(SlowCommand, Golden) {
  EXPECT_EQ(to_json_line(full_command()),
            R"({"time":"2024-05-01T12:34:56.789012Z","duration_ms":123.456789,"first_byte_ms":120.0,)"
            R"("target":"mongod","database":"mme","collection":"memories","command":"find",)"
            R"("shape":"{find: ?, filter: {tenantId: ?}}","fingerprint":"00000000000000ab","shape_complete":true,)"
            R"("application":"mme-tagging","driver":"PyMongo 4.6.0","client":"10.0.0.3:53122","request_bytes":180,)"
            R"("response_bytes":5000000000,"documents":101,"cursor_id":"-9223372036854775808",)"
            R"("cursor_command":"aggregate","error":50,)"
            R"("error_name":"MaxTimeMSExpired","literals":"{find: \"memories\", filter: {tenantId: \"a\"}}"})");
}

TEST(SlowCommand, RoundTrip) {
  EXPECT_EQ(from_json_line(to_json_line(full_command())).value(), full_command());
  SlowCommand least;
  least.command = "ping";
  least.fingerprint = ~uint64_t{0};
  least.shape_complete = false;
  EXPECT_EQ(from_json_line(to_json_line(least)).value(), least);
  least.literals = "";
  least.replication = true;
  least.cursor_id = 0;
  least.documents = 0;
  least.duration = 86'400'000'000'001ns;
  EXPECT_EQ(from_json_line(to_json_line(least)).value(), least);
}

TEST(SlowCommand, LeavesOutWhatIsAbsent) {
  SlowCommand least;
  least.command = "ping";
  EXPECT_EQ(to_json_line(least), R"({"time":"1970-01-01T00:00:00.000000Z","duration_ms":0.0,"command":"ping",)"
                                 R"("request_bytes":0,"response_bytes":0})");
}

TEST(SlowCommand, IsOneLineOfUtf8) {
  SlowCommand command = full_command();
  command.collection = "a\nb\"\xff\x7f\xc2\x9b\xe2\x80\xa8größe";
  const std::string line = to_json_line(command);
  EXPECT_NE(line.find("\"a\\nb\\\"\uFFFD\\u007f\\u009b\\u2028größe\""), std::string::npos) << line;
  EXPECT_EQ(from_json_line(line).value().collection, "a\nb\"\uFFFD\x7f\u009b\u2028größe");
  for (int byte = 0; byte < 256; ++byte) {
    command.shape = {'x', static_cast<char>(byte), 'y'};
    const std::string any = to_json_line(command);
    EXPECT_EQ(any.find('\n'), std::string::npos);
    EXPECT_TRUE(nlohmann::json::accept(any)) << byte;
  }
}

TEST(SlowCommand, ZeroOfOlderAgentsIsNotKnown) {
  const auto command =
      from_json_line(R"({"time":"2024-05-01T12:34:56Z","duration_ms":5,"first_byte_ms":0.0,"command":"find",)"
                     R"("fingerprint":"0000000000000000","shape_complete":true})");
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_EQ(command->first_byte, std::nullopt);
  EXPECT_EQ(command->fingerprint, std::nullopt);
}

TEST(SlowCommand, UnknownKeysArePassedOver) {
  const auto command =
      from_json_line(R"({"time":"2024-05-01T12:34:56Z","duration_ms":5,"command":"find","plan":{"a":[1]}})");
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_EQ(command->duration, 5ms);
  EXPECT_TRUE(command->shape_complete);
}

TEST(SlowCommand, DamagedLines) {
  const std::string line = to_json_line(full_command());
  for (size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(from_json_line(line.substr(0, length)).has_value()) << length;
  }
  EXPECT_EQ(problem_of(std::string(1'000'000, '[')), "is no JSON object");
  EXPECT_EQ(problem_of(std::string(500'000, '[') + std::string(500'000, ']')), "is no JSON object");
  EXPECT_EQ(problem_of(line + line), "is no JSON object");
  EXPECT_EQ(problem_of("[1]"), "is no JSON object");
  EXPECT_EQ(problem_of("{}"), "time is missing");
  const auto with = [](const std::string& more) {
    return problem_of(R"({"time":"2024-05-01T12:34:56Z","command":"find")" + more + "}");
  };
  EXPECT_EQ(with(""), "duration_ms is missing");
  EXPECT_EQ(with(R"(,"duration_ms":"1")"), "duration_ms is no duration in milliseconds");
  EXPECT_EQ(with(R"(,"duration_ms":-1)"), "duration_ms is no duration in milliseconds");
  EXPECT_EQ(with(R"(,"duration_ms":1e300)"), "duration_ms is no duration in milliseconds");
  EXPECT_EQ(with(R"(,"duration_ms":1,"database":1)"), "database is no text");
  EXPECT_EQ(with(R"(,"duration_ms":1,"error":2147483648)"), "error is no whole number of its range");
  EXPECT_EQ(with(R"(,"duration_ms":1,"error":-2147483648)"), "");
  EXPECT_EQ(with(R"(,"duration_ms":1,"request_bytes":-1)"), "request_bytes is no whole number of its range");
  EXPECT_EQ(with(R"(,"duration_ms":1,"documents":1.5)"), "documents is no whole number of its range");
  EXPECT_EQ(with(R"(,"duration_ms":1,"cursor_id":"1x")"), "cursor_id is no number of its range");
  EXPECT_EQ(with(R"(,"duration_ms":1,"fingerprint":"10000000000000000")"), "fingerprint is no number of its range");
  EXPECT_EQ(with(R"(,"duration_ms":1,"shape_complete":1)"), "shape_complete is neither true nor false");
  EXPECT_EQ(problem_of(R"({"time":"yesterday","duration_ms":1,"command":"find"})"), "time is no RFC 3339 time in UTC");
}

TEST(SlowCommand, Namespace) {
  EXPECT_EQ(namespace_of(full_command()), "mme.memories");
  SlowCommand command = full_command();
  command.collection.clear();
  EXPECT_EQ(namespace_of(command), "mme");
}

}  // namespace
}  // namespace mme::mongo

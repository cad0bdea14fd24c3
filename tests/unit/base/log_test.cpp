// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

namespace mme {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr auto kTime = std::chrono::system_clock::time_point(1700000000s + 7ms);  // 2023-11-14T22:13:20.007Z

std::string logfmt(std::string_view message, LogFields fields = {}) {
  return format_log_line(LogFormat::logfmt, LogLevel::info, kTime, message, fields);
}
std::string json(std::string_view message, LogFields fields = {}) {
  return format_log_line(LogFormat::json, LogLevel::info, kTime, message, fields);
}

TEST(LogLine, Logfmt) {
  EXPECT_EQ(logfmt("attached", {{"cgroup", "/system.slice/traefik.service"}, {"pid", 12}}),
            "time=2023-11-14T22:13:20.007Z level=info msg=attached cgroup=/system.slice/traefik.service pid=12");
}

TEST(LogLine, Json) {
  EXPECT_EQ(json("attached", {{"hook", "ingress"}, {"pid", 12}}),
            R"({"time":"2023-11-14T22:13:20.007Z","level":"info","msg":"attached","hook":"ingress","pid":12})");
}

TEST(LogLine, TimeBeforeTheEpochKeepsItsMilliseconds) {
  const auto time = std::chrono::system_clock::time_point(-1ms);
  EXPECT_TRUE(format_log_line(LogFormat::logfmt, LogLevel::error, time, "x", {})
                  .starts_with("time=1969-12-31T23:59:59.999Z level=error "));
}

TEST(LogLine, EveryTypeOfValue) {
  const std::string text = "t";
  const LogFields fields = {{"text", text},
                            {"view", std::string_view("v")},
                            {"least", std::numeric_limits<int64_t>::min()},
                            {"most", std::numeric_limits<uint64_t>::max()},
                            {"real", 0.25},
                            {"flag", true},
                            {"none", static_cast<const char*>(nullptr)}};
  EXPECT_TRUE(logfmt("m", fields)
                  .ends_with("msg=m text=t view=v least=-9223372036854775808 "
                             "most=18446744073709551615 real=0.25 flag=true none=\"\""));
  EXPECT_TRUE(json("m", fields)
                  .ends_with(R"("text":"t","view":"v","least":-9223372036854775808,)"
                             R"("most":18446744073709551615,"real":0.25,"flag":true,"none":""})"));
}

TEST(LogLine, JsonHasNoInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(nlohmann::json::parse(json("m", {{"x", infinity}, {"y", -infinity}}))["y"], "-inf");
}

TEST(LogLine, LogfmtQuotesWhatWouldForgeAField) {
  EXPECT_TRUE(logfmt("a b").ends_with(R"( msg="a b")"));
  EXPECT_TRUE(logfmt("level=error").ends_with(R"( msg="level=error")"));
  EXPECT_TRUE(logfmt("say \"hi\"").ends_with(R"( msg="say \"hi\"")"));
  EXPECT_TRUE(logfmt("back\\slash").ends_with(R"( msg="back\\slash")"));
  EXPECT_TRUE(logfmt("").ends_with(R"( msg="")"));
  EXPECT_TRUE(logfmt("m", {{"a b=\"c\n", 1}}).ends_with(" msg=m a_b__c_=1"));
  EXPECT_TRUE(logfmt("m", {{"", 1}}).ends_with(" msg=m _=1"));
}

TEST(LogLine, NothingBreaksALine) {
  const std::string_view hostile = "a\nb\rc\td\0e\x1b[31m\x7f\u0085\u2028\xff\xc3 \u00e9"sv;
  for (const std::string& line : {logfmt(hostile, {{"field", hostile}}), json(hostile, {{"field", hostile}})}) {
    EXPECT_TRUE(std::none_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
    EXPECT_NE(line.find(R"(a\nb\rc\td\u0000e\u001b[31m\u007f\u0085\u2028)"
                        "\uFFFD\uFFFD \u00e9"),
              std::string::npos)
        << line;
  }
  const auto parsed = nlohmann::json::parse(json("m", {{"field", hostile}}));
  EXPECT_EQ(parsed["field"], "a\nb\rc\td\0e\x1b[31m\x7f\u0085\u2028\uFFFD\uFFFD \u00e9"sv);
}

TEST(LogLine, EveryByteGivesValidJson) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'x', static_cast<char>(byte), 'y'};
    EXPECT_TRUE(nlohmann::json::accept(json(text, {{text, text}}))) << byte;
  }
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  std::ostringstream output;
  Logger log(LogLevel::warn, LogFormat::logfmt, output);
  log.debug("one");
  log.info("two");
  log.warn("three");
  log.error("four", {{"code", 4}});
  EXPECT_EQ(output.str().find("one"), std::string::npos);
  EXPECT_EQ(output.str().find("two"), std::string::npos);
  EXPECT_NE(output.str().find("level=warn msg=three\n"), std::string::npos);
  EXPECT_NE(output.str().find("level=error msg=four code=4\n"), std::string::npos);
}

TEST(Logger, ChangesLevelAndFormatWhileItLives) {
  std::ostringstream output;
  Logger log(LogLevel::error, LogFormat::logfmt, output);
  EXPECT_FALSE(log.enabled(LogLevel::debug));
  log.set_level(LogLevel::debug);
  log.set_format(LogFormat::json);
  EXPECT_TRUE(log.enabled(LogLevel::debug));
  EXPECT_EQ(log.level(), LogLevel::debug);
  EXPECT_EQ(log.format(), LogFormat::json);
  log.debug("now {} %v");  // no format string
  EXPECT_EQ(nlohmann::json::parse(output.str())["msg"], "now {} %v");
}

TEST(Logger, LinesOfThreadsStayWhole) {
  std::ostringstream output;
  Logger log(LogLevel::info, LogFormat::json, output);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 250; ++n) log.info("a message", {{"n", n}});
    });
  }
  threads.clear();
  std::istringstream lines(output.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) ASSERT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_EQ(count, 1000);
}

TEST(LogNames, RoundTrip) {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  for (const auto format : {LogFormat::logfmt, LogFormat::json}) EXPECT_EQ(parse_log_format(to_string(format)), format);
  EXPECT_EQ(parse_log_level("INFO"), std::nullopt);
  EXPECT_EQ(parse_log_format(""), std::nullopt);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/printable.h"

namespace mme {
namespace {

GroupStatus group(GroupKind kind, std::string name, double per_second) {
  GroupStatus result;
  result.key = {kind, "mongod", std::move(name)};
  result.window.requests = 1;
  result.window.requests_per_second = per_second;
  result.window.p50_s = 0.00125;
  result.window.p95_s = 0.021;
  result.window.p99_s = 1.5;
  return result;
}

Status ready_status() {
  Status status;
  status.version = "0.1.0";
  status.revision = "abc";
  status.uptime_s = 192;
  status.window_s = 10;
  status.targets = {{"mongod", "mongod", true, 123, "/m.service", {"127.0.0.1:27017", "[::1]:27017"}, ""}};
  status.attachments = {{"mongod", "ingress", "/m.service", true, ""}, {"mongod", "egress", "/m.service", true, ""}};
  GroupStatus idle = group(GroupKind::mongo, "ping", 0);
  idle.window = {};
  status.groups = {group(GroupKind::mongo, "find", 12.5), group(GroupKind::mongo, "insert", 20000), idle,
                   group(GroupKind::route, "promote", 4), group(GroupKind::router, "mme@docker", 7)};
  status.accounts["mongo"] = {2048, 2000, {{"gap", 48}, {"tls", 0}}, {{"no_request", 2}}};
  status.process.cpu_seconds = 1.5;
  status.process.resident_bytes = 12U << 20U;
  status.map_bytes = {{"series", 1U << 20U}};
  return status;
}

TEST(StatusText, Golden) {
  EXPECT_EQ(status_text(ready_status(), false),
            R"(mme-agent 0.1.0 (abc), up 3m12s, ready

TARGETS
  up   mongod, pid 123
       listens on 127.0.0.1:27017, [::1]:27017
       cgroup /m.service

HOOKS
  /m.service
    attached: ingress egress

ENTRYPOINTS, last 10s               per s errors/s     p50     p95     p99
  nothing seen yet

ROUTES, last 10s                    per s errors/s     p50     p95     p99
  promote                             4.0      0.0  1.25ms  21.0ms   1.50s

ROUTERS, last 10s                   per s errors/s     p50     p95     p99
  mme@docker                          7.0      0.0  1.25ms  21.0ms   1.50s

UPSTREAM SERVERS, last 10s          per s errors/s     p50     p95     p99
  nothing seen yet

MONGODB COMMANDS, last 10s          per s errors/s     p50     p95     p99
  insert                            20000      0.0  1.25ms  21.0ms   1.50s
  find                               12.5      0.0  1.25ms  21.0ms   1.50s
  ping                                0.0      0.0       -       -       -

ACCOUNT
  mongo  seen 2.00 KiB, parsed 1.95 KiB
         bytes skipped: gap 48 B
         messages skipped: no_request 2

COST
  agent  cpu 1.50s, memory 12.0 MiB, kernel maps 1.00 MiB
  bpf    not measured (sysctl kernel.bpf_stats_enabled=1 measures it)
)");
}

TEST(StatusText, FitsEightyColumns) {
  Status status = ready_status();
  status.groups.push_back(group(GroupKind::upstream, "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535", 123456));
  std::istringstream lines(status_text(status, false));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 80U) << line;
}

TEST(StatusText, GroupsBelowTheirTargets) {
  Status status = ready_status();
  status.groups.push_back(group(GroupKind::mongo, "find", 7));
  status.groups.back().key.target = "mongod@/b.service";
  EXPECT_NE(status_text(status, false)
                .find("  mongod@/b.service\n"
                      "    find                              7.0      0.0  1.25ms  21.0ms   1.50s\n"),
            std::string::npos);
}

TEST(StatusText, LongNamesAreWhole) {
  Status status = ready_status();
  status.groups = {group(GroupKind::upstream, "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535", 1)};
  EXPECT_NE(status_text(status, false)
                .find("  [2001:db8:1234:5678:9abc:def0:1234:5678]:65535\n"
                      "                                      1.0      0.0  1.25ms  21.0ms   1.50s\n"),
            std::string::npos);
}

TEST(StatusText, OneErrorOfSeveralHooksIsSaidOnce) {
  Status status = ready_status();
  for (Attachment& attachment : status.attachments) {
    attachment.attached = false;
    attachment.error = "attach: EPERM";
  }
  EXPECT_NE(status_text(status, false).find("    missing ingress egress: attach: EPERM\n"), std::string::npos);
}

TEST(StatusText, SaysWhetherMongodIsAsked) {
  Status status = ready_status();
  EXPECT_EQ(status_text(status, false).find("serverStatus"), std::string::npos);
  status.targets[0].server_status = "127.0.0.1:27017 answers";
  const std::string text = status_text(status, false);
  EXPECT_NE(text.find("\n       serverStatus: 127.0.0.1:27017 answers\n"), std::string::npos) << text;
}

TEST(StatusText, SaysTheRoleOfAMongod) {
  Status status = ready_status();
  EXPECT_EQ(status_text(status, false).find("role:"), std::string::npos);
  status.targets[0].role_note = "not known: no reply to a hello was seen yet";
  EXPECT_NE(status_text(status, false).find("\n       role: not known: no reply to a hello was seen yet\n"),
            std::string::npos);
  status.targets[0].role = "standalone";
  EXPECT_NE(status_text(status, false).find("\n       role: standalone\n"), std::string::npos);
  status.targets[0].role = "primary";
  status.targets[0].replica_set = "rs0\x1b";
  status.targets[0].me = "127.0.0.1:27017";
  const std::string text = status_text(status, false);
  EXPECT_NE(text.find("\n       role: primary of rs0"), std::string::npos) << text;
  EXPECT_NE(text.find(" as 127.0.0.1:27017\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(StatusText, SaysWhyNotReady) {
  Status status = ready_status();
  status.problems = {"no traefik or mongod process found"};
  status.notes = {"a remark"};
  status.attachments[0].attached = false;
  status.attachments[0].error = "attach: EPERM";
  status.targets[0].up = false;
  status.targets[0].problem = "process 123 is gone";
  const std::string text = status_text(status, false);
  for (const char* line : {", not ready\n", "  problem: no traefik or mongod process found\n", "  note: a remark\n",
                           "    missing ingress: attach: EPERM\n", "    attached: egress\n",
                           "       problem: process 123 is gone\n", "  down mongod, pid 123\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(StatusText, NothingHostileReachesTheTerminal) {
  const std::string hostile = "\x1b]0;x\a\n\xe2\x80\xae\xff";
  Status status = ready_status();
  status.version = status.revision = hostile;
  status.problems = status.notes = {hostile};
  status.targets = {{hostile, hostile, true, 1, hostile, {hostile}, hostile}};
  status.attachments = {{hostile, hostile, hostile, false, hostile}, {hostile, hostile + "2", hostile, true, ""}};
  status.groups = {group(GroupKind::mongo, hostile, 1), group(GroupKind::entrypoint, hostile, 1)};
  status.accounts = {{hostile, {1, 1, {{hostile, 1}}, {{hostile, 1}}}}};
  status.series_overflow = {{hostile, 1}};
  const std::string text = status_text(status, false);
  for (const char* bytes : {"\x1b", "\a", "\xe2\x80\xae", "\xff"}) EXPECT_EQ(text.find(bytes), std::string::npos);
}

TEST(StatusText, ColorOnlyWhenAsked) {
  EXPECT_EQ(status_text(ready_status(), false).find('\033'), std::string::npos);
  EXPECT_NE(status_text(ready_status(), true).find("\033[32mready\033[0m"), std::string::npos);
}

}  // namespace
}  // namespace mme

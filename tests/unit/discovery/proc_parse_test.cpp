// SPDX-License-Identifier: Apache-2.0
#include "discovery/proc_parse.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

TEST(ParseStat, ReadsAProcess) {
  const auto stat = parse_stat(
      "21050 (traefik) S 1 21050 20990 0 -1 1077936128 1043 0 0 0 2 1 0 0 20 0 7 0 161234 1269592064 1216 "
      "18446744073709551615 4194304 6291456 140 0 0 0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 21050);
  EXPECT_EQ(stat->comm, "traefik");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->ppid, 1);
  EXPECT_EQ(stat->start_ticks, 161234U);
  EXPECT_FALSE(stat->kernel_thread());
  EXPECT_FALSE(stat->dead());
}

TEST(ParseStat, CommMayHoldBlanksAndParentheses) {
  const auto stat = parse_stat("7 (a) R (b c) Z 3 0 0 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 99 0");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "a) R (b c");
  EXPECT_EQ(stat->ppid, 3);
  EXPECT_TRUE(stat->dead());
}

TEST(ParseStat, KnowsKernelThreads) {
  const auto stat = parse_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0");
  ASSERT_TRUE(stat);
  EXPECT_TRUE(stat->kernel_thread());
}

TEST(ParseStat, RefusesWhatIsCutOff) {
  EXPECT_FALSE(parse_stat(""));
  EXPECT_FALSE(parse_stat("12 (a"));
  EXPECT_FALSE(parse_stat("12 (a) S 1 1 1"));
  EXPECT_FALSE(parse_stat(")12("));
}

constexpr const char* tcp4 =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41185 2 "
    "00000000ad5eb2b0 100 0 0 10 0\n"
    "   1: 0500000A:6989 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 41186 1 "
    "00000000ad5eb2b1 100 0 0 10 0\n"
    "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 41187 1 "
    "00000000ad5eb2b2 20 4 30 10 -1\n";

TEST(ParseProcNetTcp, TakesListenersOnly) {
  const auto sockets = parse_proc_net_tcp(tcp4);
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0], (ListenSocket{"0.0.0.0", 8080, 41185, 0}));
  EXPECT_EQ(sockets[1], (ListenSocket{"10.0.0.5", 27017, 41186, 0}));
}

TEST(ParseProcNetTcp, ReadsIpv6AndMapped) {
  const std::string header = "  sl  local_address\n";
  const std::string tail =
      ":0000 0A 00000000:00000000 00:00000000 00000000     0        0 39912 2 00000000f52f3876 100 0\n";
  const std::string any(32, '0');
  const auto sockets = parse_proc_net_tcp(header + "   0: 00000000000000000000000000000000:46A1 " + any + tail +
                                          "   1: 00000000000000000000000001000000:0050 " + any + tail +
                                          "   2: 0000000000000000FFFF00000100007F:1F90 " + any + tail);
  ASSERT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets[0], (ListenSocket{"::", 18081, 39912, 0}));
  EXPECT_EQ(sockets[1], (ListenSocket{"::1", 80, 39912, 0}));
  EXPECT_EQ(sockets[2], (ListenSocket{"127.0.0.1", 8080, 39912, 0}));
}

TEST(ParseProcNetTcp, LeavesOutWhatItCannotRead) {
  EXPECT_TRUE(parse_proc_net_tcp("").empty());
  EXPECT_TRUE(parse_proc_net_tcp("header\n 0: 00000000 00000000:0000 0A\n 1: XYZ:1F90 0:0 0A\n\n 2: 00000000:1F90 a 0A")
                  .empty());
}

TEST(ParseProcCgroup, TakesTheUnifiedLine) {
  EXPECT_EQ(parse_proc_cgroup("0::/system.slice/traefik.service\n"), "/system.slice/traefik.service");
  EXPECT_EQ(parse_proc_cgroup("9:name=systemd:/x\n1:cpu:/y\n0::/a b\n"), "/a b");
  EXPECT_EQ(parse_proc_cgroup("0::/../../kubepods/pod1\n"), "/../../kubepods/pod1");
  EXPECT_EQ(parse_proc_cgroup("0::/gone (deleted)\n"), "/gone");
  EXPECT_EQ(parse_proc_cgroup("1:cpu:/y\n"), std::nullopt);
}

TEST(ParseCmdline, SplitsAtNul) {
  using namespace std::string_literals;
  EXPECT_EQ(parse_cmdline("mongod\0--port\0\0x\0"s, 9), (std::vector<std::string>{"mongod", "--port", "", "x"}));
  EXPECT_EQ(parse_cmdline("a\0b\0c"s, 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(parse_cmdline("", 3).empty());
}

TEST(ParseMountinfo, ReadsOptionalFieldsAndEscapes) {
  const auto mounts = parse_mountinfo(
      "30 23 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
      "31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 master:1 - cgroup2 cgroup2 rw,nsdelegate\n"
      "32 30 0:28 /../.. /mnt/a\\040b rw - cgroup2 none rw\n"
      "broken\n");
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[1], (Mount{"/", "/sys/fs/cgroup/unified", "cgroup2", "rw,nosuid"}));
  EXPECT_EQ(mounts[2], (Mount{"/../..", "/mnt/a b", "cgroup2", "rw"}));
}

TEST(ParseSocketLink, TakesSocketsOnly) {
  EXPECT_EQ(parse_socket_link("socket:[4294967296]"), 4294967296U);
  EXPECT_EQ(parse_socket_link("pipe:[12]"), std::nullopt);
  EXPECT_EQ(parse_socket_link("socket:[]"), std::nullopt);
  EXPECT_EQ(parse_socket_link("socket:[1"), std::nullopt);
}

TEST(ParseStatusField, ReadsCapabilities) {
  const std::string status = "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t000001ffffffffff\nNSpid:\t12\t3\n";
  EXPECT_EQ(parse_status_field(status, "CapEff", 16), 0x1ffffffffffULL);
  EXPECT_EQ(parse_status_field(status, "Missing", 16), std::nullopt);
}

TEST(ParseLastPid, IsTheLastWord) {
  EXPECT_EQ(parse_last_pid("0.20 0.18 0.12 1/80 11206\n"), 11206);
  EXPECT_EQ(parse_last_pid(""), std::nullopt);
}

TEST(BaseName, DropsDeleted) {
  EXPECT_EQ(base_name("/usr/bin/traefik (deleted)"), "traefik");
  EXPECT_EQ(base_name("mongod"), "mongod");
  EXPECT_EQ(base_name(""), "");
}

}  // namespace
}  // namespace mme

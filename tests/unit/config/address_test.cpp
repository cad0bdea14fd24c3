// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace mme {
namespace {

std::string round_trip(std::string_view text) {
  const auto address = parse_listen_address(text);
  return address ? to_string(*address) : address.error().message;
}

TEST(ListenAddress, Accepts) {
  EXPECT_EQ(round_trip("127.0.0.1:9477"), "127.0.0.1:9477");
  EXPECT_EQ(round_trip("0.0.0.0:1"), "0.0.0.0:1");
  EXPECT_EQ(round_trip("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(round_trip("[0:0:0:0:0:0:0:0]:80"), "[::]:80");
  EXPECT_EQ(round_trip("localhost:80"), "127.0.0.1:80");
  EXPECT_EQ(round_trip(":80"), "0.0.0.0:80");
}

TEST(ListenAddress, Refuses) {
  EXPECT_EQ(round_trip(""), "\"\" has no port");
  EXPECT_EQ(round_trip("9477"), "\"9477\" has no port");
  EXPECT_EQ(round_trip("127.0.0.1"), "\"127.0.0.1\" has no port");
  EXPECT_EQ(round_trip("[::1]"), "\"[::1]\" has no port");
  EXPECT_EQ(round_trip("127.0.0.1:"), "\"\" is not a port");
  EXPECT_EQ(round_trip("127.0.0.1:0"), "\"0\" is not a port");
  EXPECT_EQ(round_trip("127.0.0.1:65536"), "\"65536\" is not a port");
  EXPECT_EQ(round_trip("127.0.0.1:-1"), "\"-1\" is not a port");
  EXPECT_EQ(round_trip("127.0.0.1:80x"), "\"80x\" is not a port");
  EXPECT_EQ(round_trip("::1:80"), "\"::1\" is not an IP address");
  EXPECT_EQ(round_trip("127.1:80"), "\"127.1\" is not an IP address");
  EXPECT_EQ(round_trip("[127.0.0.1]:80"), "\"[127.0.0.1]\" is not an IP address");
  EXPECT_EQ(round_trip("example.org:80"), "\"example.org\" is not an IP address");
  EXPECT_EQ(round_trip(std::string_view("127.0.0.1\0:80", 13)), "\"127.0.0.1\\u0000\" is not an IP address");
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "traefik/ip_set.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

bool contains(std::string_view range_text, std::string_view address_text) {
  const auto range = IpRange::parse(range_text);
  const auto address = parse_ip(address_text);
  EXPECT_TRUE(range) << range_text;
  EXPECT_TRUE(address) << address_text;
  return range && address && range->contains(*address);
}

TEST(IpRange, HoldsAddressesAndRanges) {
  EXPECT_TRUE(contains("10.0.0.5", "10.0.0.5"));
  EXPECT_TRUE(contains("10.0.0.5", "::ffff:10.0.0.5"));
  EXPECT_FALSE(contains("10.0.0.5", "10.0.0.6"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.9.9.9"));
  EXPECT_FALSE(contains("10.0.0.0/9", "10.200.0.1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_FALSE(contains("::/0", "1.2.3.4"));
  EXPECT_TRUE(contains("fe80::/10", "fe80::1%eth0"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.7.7.7"));
}

TEST(IpRange, RefusesWhatIsNone) {
  for (const auto* text : {"", "a", "10.0.0", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/a", "::1/129",
                           "fe80::1%eth0", "010.0.0.1", "10.0.0.1/99999999999"}) {
    EXPECT_FALSE(IpRange::parse(text)) << text;
  }
  EXPECT_FALSE(parse_ip("10.0.0.1%eth0"));
  EXPECT_FALSE(parse_ip("fe80::1%"));
}

}  // namespace
}  // namespace mme::traefik

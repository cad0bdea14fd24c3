// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace mme {
namespace {

TEST(Result, NamesTheErrnoAndItsMeaning) {
  EXPECT_EQ(fail_errno("attach cgroup_skb to /a", EPERM).value().message,
            "attach cgroup_skb to /a: EPERM (Operation not permitted)");
}

TEST(Result, AddsTheMend) {
  EXPECT_EQ(fail_errno("attach cgroup_skb to /a", EPERM, "needs CAP_NET_ADMIN").value().message,
            "attach cgroup_skb to /a: EPERM (Operation not permitted; needs CAP_NET_ADMIN)");
}

TEST(Result, SurvivesAnUnknownErrno) {
  EXPECT_EQ(fail_errno("x", 99999).value().message, "x: 99999 (unknown error)");
}

}  // namespace
}  // namespace mme

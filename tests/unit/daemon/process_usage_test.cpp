// SPDX-License-Identifier: Apache-2.0
#include "daemon/process_usage.h"

#include <gtest/gtest.h>

#include <ctime>

namespace mme {
namespace {

TEST(ProcessUsage, Plausible) {
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes, 1U << 20U);
  EXPECT_GT(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GE(usage.open_fds, 3U);
  EXPECT_LT(usage.open_fds, 100U);
  EXPECT_GE(usage.max_fds, usage.open_fds);
  EXPECT_NEAR(usage.start_time_seconds, static_cast<double>(std::time(nullptr)), 60);
  EXPECT_GE(usage.cpu_seconds, 0);
  EXPECT_LT(usage.cpu_seconds, 60);
}

TEST(PossibleCpus, AtLeastOne) {
  EXPECT_GE(possible_cpus(), 1);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/snapshot.h"

namespace mme {

// What this process uses, from /proc/self (proc(5)). What cannot be read is 0.
[[nodiscard]] ProcessUsage process_usage();

// CPUs that this machine may ever have: /sys/devices/system/cpu/possible ("0-127"). At least 1.
[[nodiscard]] int possible_cpus();

}  // namespace mme

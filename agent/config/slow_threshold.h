// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "config/config.h"

namespace mme {

// From which duration on a command is slow. The first of these that slow.overrides has:
//   DATABASE.COLLECTION:COMMAND
//   DATABASE.COLLECTION
//   command:COMMAND      before the database: how long something may take depends on what it does more than on where
//   DATABASE
// and slow.threshold otherwise. Names are compared as they are on the wire, capitals included; `collection` may be
// empty.
[[nodiscard]] std::chrono::nanoseconds threshold_of(const SlowConfig& config, std::string_view command,
                                                    std::string_view database, std::string_view collection);

// The least that threshold_of() can give: nothing below it need leave the kernel.
[[nodiscard]] std::chrono::nanoseconds least_threshold(const SlowConfig& config);

}  // namespace mme

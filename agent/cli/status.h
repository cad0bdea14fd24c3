// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "config/config.h"

namespace mme {

struct StatusOptions {
  ListenAddress address;
  bool json = false;
  int watch_s = 0;     // 0: once
  bool color = false;  // and with it: `watch` redraws the screen
};

// Asks a running agent how it is. Returns 0, 3 when it is not ready, 1 when it does not answer. Does not return while
// watching.
[[nodiscard]] int run_status(const StatusOptions& options, std::ostream& out, std::ostream& err);

}  // namespace mme

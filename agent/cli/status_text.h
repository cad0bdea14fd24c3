// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "web/status.h"

namespace mme {

// The status for a person, in 80 columns where the names allow it. Nothing from the wire reaches the terminal
// unescaped.
[[nodiscard]] std::string status_text(const Status& status, bool color);

}  // namespace mme

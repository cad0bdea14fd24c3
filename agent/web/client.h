// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace mme {

// The body of http://HOST:PORT/PATH, of at most 64 MiB within five seconds. The error says which address, and what to
// do.
[[nodiscard]] Result<std::string> http_get(const std::string& host, uint16_t port, const std::string& path);

}  // namespace mme

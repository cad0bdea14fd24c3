// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace mme {

// Reads the list `routes` into Config::routes; every error goes to the reader.
void read_routes(Reader& reader, const Cursor& routes, Config& config);

}  // namespace mme

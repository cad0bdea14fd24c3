// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace mme {

// Reads the map `slow` into Config::slow; every error goes to the reader.
void read_slow(Reader& reader, const Cursor& slow, Config& config);

}  // namespace mme

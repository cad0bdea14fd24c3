// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace mme {

// Reads the map `targets` into Config::targets; every error goes to the reader.
void read_targets(Reader& reader, const Cursor& targets, Config& config);

}  // namespace mme

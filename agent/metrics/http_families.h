// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/snapshot.h"
#include "metrics/text.h"

namespace mme {

// The families of HTTP.
void http_families(const Snapshot& snapshot, TextWriter& out);

}  // namespace mme

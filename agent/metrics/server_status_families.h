// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "metrics/server_status.h"
#include "metrics/text.h"

namespace mme {

// mongodb_up and the samples of every mongod, by family. The label `target` is there only where there are several: one
// alone has exactly the labels of mongodb_exporter. Of two samples with the same labels the first is written.
void server_status_families(const std::vector<MongodStatus>& mongods, TextWriter& out);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bson/bson.h>

#include <string>
#include <utility>
#include <vector>

#include "metrics/server_status.h"

namespace mme::mongo {

using StatusLabels = std::vector<std::pair<std::string, std::string>>;

// serverStatus as mongodb_exporter 0.43.1 shows it (exporter/metrics.go): the sections that docs/metrics.md lists,
// names and labels by its rules, with `labels` where it adds those of the member. Whatever is no number is left out.
[[nodiscard]] std::vector<StatusSample> flatten(const bson_t& server_status, const StatusLabels& labels);

}  // namespace mme::mongo

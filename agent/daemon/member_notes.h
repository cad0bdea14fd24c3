// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "metrics/snapshot.h"

namespace mme {

// Fills in replica set, role and `me` of every mongod, or why they are not known.
void describe_members(std::vector<TargetState>& targets, const std::vector<MongoMember>& members);

}  // namespace mme

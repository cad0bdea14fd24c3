// SPDX-License-Identifier: Apache-2.0
#include "daemon/member_notes.h"

#include <algorithm>

namespace mme {

void describe_members(std::vector<TargetState>& targets, const std::vector<MongoMember>& members) {
  for (TargetState& target : targets) {
    if (target.kind != "mongod") continue;
    const auto known =
        std::find_if(members.begin(), members.end(), [&](const MongoMember& one) { return one.target == target.name; });
    if (known == members.end()) {
      target.role_note = "not known: no reply to a hello was seen yet";
      continue;
    }
    target.replica_set = known->set;
    target.role = known->role;
    target.me = known->me;
  }
}

}  // namespace mme

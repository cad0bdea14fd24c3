// SPDX-License-Identifier: Apache-2.0
#include "discovery/rules.h"

namespace mme {

std::vector<TargetRule> default_rules() {
  TargetRule traefik;
  traefik.kind = TargetKind::traefik;
  TargetRule mongod;
  mongod.kind = TargetKind::mongod;
  return {traefik, mongod};
}

const char* kind_name(TargetKind kind) {
  return kind == TargetKind::traefik ? "traefik" : "mongod";
}

}  // namespace mme

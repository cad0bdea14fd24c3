// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/links.h"
#include "metrics/text.h"

namespace mme {

// The families of Traefik's connections, of mongod's, or of both.
void link_families(const Links& links, bool traefik, bool mongod, TextWriter& out);

}  // namespace mme

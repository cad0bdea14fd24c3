// SPDX-License-Identifier: Apache-2.0
#include "daemon/version.h"

namespace mme {

const char* version() {
  return MME_VERSION;
}
const char* revision() {
  return MME_REVISION;
}

}  // namespace mme

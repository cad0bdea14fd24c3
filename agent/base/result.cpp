// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstring>

namespace mme {

tl::unexpected<Error> fail_errno(const std::string& what, int error_number, const std::string& mend) {
  const char* name = strerrorname_np(error_number);
  std::string message =
      what + ": " + (name != nullptr ? name : std::to_string(error_number)) + " (" + strerrordesc_np(error_number);
  if (!mend.empty()) message += "; " + mend;
  return fail(message + ")");
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstring>

namespace mme {

tl::unexpected<Error> fail_errno(const std::string& what, int error_number, const std::string& mend) {
  // Both are null for a number that is no errno.
  const char* name = strerrorname_np(error_number);
  const char* meaning = strerrordesc_np(error_number);
  std::string message = what + ": " + (name != nullptr ? name : std::to_string(error_number)) + " (" +
                        (meaning != nullptr ? meaning : "unknown error");
  if (!mend.empty()) message += "; " + mend;
  return fail(message + ")");
}

}  // namespace mme

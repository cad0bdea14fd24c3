// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace mme {

// 11000 -> "DuplicateKey". A closed set of the names that MongoDB publishes (src/mongo/base/error_codes.yml); any other
// code is "other".
[[nodiscard]] std::string_view mongo_error_name(int32_t code);

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace mme::traefik {

// ASCII only: other bytes stay as they are.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] bool equal_fold(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trimmed(std::string_view text);  // of blanks, tabs and line ends

// http.CanonicalHeaderKey: "x-tenant-id" → "X-Tenant-Id"; a name that is no token stays as it is.
[[nodiscard]] std::string canonical_header(std::string_view name);
[[nodiscard]] bool is_token(std::string_view text);  // RFC 9110: a method, a header's name

}  // namespace mme::traefik

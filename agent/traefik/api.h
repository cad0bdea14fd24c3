// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "traefik/model.h"

namespace mme::traefik {

// What /api/rawdata answers: everything that runs, disabled routers and the state of servers included. The entrypoints
// are not in it.
[[nodiscard]] tl::expected<Configuration, Diagnostics> parse_rawdata(std::string_view json, const Source& source);

// What /api/entrypoints answers: [{"name":"web","address":":80",…}].
[[nodiscard]] tl::expected<Configuration, Diagnostics> parse_entrypoints(std::string_view json, const Source& source);

}  // namespace mme::traefik

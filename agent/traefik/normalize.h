// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace mme::traefik {

// provider.Normalize: letters and digits stay, everything between them becomes one "-": "/mme_tagging.1" →
// "mme-tagging-1". Every character beyond ASCII counts as a letter, as nearly all of Unicode's are that stand in names.
[[nodiscard]] std::string normalized(std::string_view name);

}  // namespace mme::traefik

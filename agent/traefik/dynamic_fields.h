// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "traefik/model.h"
#include "traefik/tree.h"

namespace mme::traefik {

// Labels have a single server, called so, and leave some fields out.
enum class Spelling : uint8_t { file, labels };

// Why Traefik refuses the whole of a dynamic configuration, as its decoder does: a field that it does not know, or a
// value of another kind. It stops at the first one.
[[nodiscard]] std::optional<Diagnostic> refused_field(const TreeNode& root, Spelling spelling, const Source& source);

}  // namespace mme::traefik

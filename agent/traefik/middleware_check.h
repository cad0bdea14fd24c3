// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "traefik/model.h"
#include "traefik/tree.h"

namespace mme::traefik {

// What Traefik will make of a middleware's definition ("basicAuth: {users: […]}"): whether it refuses it, and what else
// it needs (pkg/server/middleware/middlewares.go, buildConstructor). The fields are known to be right
// (dynamic_fields.h).
[[nodiscard]] Middleware read_middleware(const TreeNode& definition, Source source);

// The text of a file as Traefik sees it; nothing: it cannot be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

// Looks at the files that middlewares need. Traefik read them when it last built its routers, which may have been
// another content: what is wrong in one now is not certain to have been wrong then.
void look_at_files(Configuration& configuration, const ReadText& read);

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "traefik/model.h"

namespace mme::traefik {

// Why Traefik cannot build a service of a configuration, its servers and children included, so that it leaves out the
// routers that lead to it (pkg/server/service/service.go, BuildHTTP).
[[nodiscard]] std::optional<Objection> service_objection(const Configuration& configuration, std::string_view name);

// Why it cannot build a router's middlewares, named as the router of `provider` does (pkg/server/middleware,
// BuildChain).
[[nodiscard]] std::optional<Objection> middlewares_objection(const Configuration& configuration,
                                                             const std::vector<std::string>& names,
                                                             std::string_view provider);

// Of a load balancer; "" is the default one.
[[nodiscard]] std::optional<Objection> check_strategy(std::string_view strategy);

// As net/url.Parse takes the URL of a server.
[[nodiscard]] std::optional<Objection> check_server_url(std::string_view url);

}  // namespace mme::traefik

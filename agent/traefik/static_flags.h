// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace mme::traefik {

// The flags of Traefik's command line (paerser/flag): "-name", "--name", "--name=value", "--name value", until the
// first argument that is no flag. "--Api.insecure" is "traefik.Api.insecure" = "true", in the spelling that came first.
[[nodiscard]] std::map<std::string, std::string> read_flags(const std::vector<std::string>& arguments);

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "mongo/server_status.h"

namespace mme {

// Reads the URIs of the targets, from files and the environment, into UriSource::text. Every error has the place of the
// key in `file`, and no credentials.
[[nodiscard]] ConfigErrors read_uris(Config& config, const std::string& file);

// Files with URIs that others than their owner and group may read, a sentence with the mend each.
[[nodiscard]] std::vector<std::string> uri_warnings(const Config& config);

// Those that are to be asked, after read_uris(). `name` is the target's, else the address.
[[nodiscard]] std::vector<mongo::AskedMongod> asked_mongods(const Config& config);

// By TargetRule the name that the mongod is asked under; empty: it is not.
[[nodiscard]] std::vector<std::string> asked_names(const Config& config);

}  // namespace mme

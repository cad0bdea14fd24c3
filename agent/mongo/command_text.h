// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "mongo/wire_command.h"

namespace mme::mongo {

// The command's document as relaxed extended JSON, literals and all; nothing where it was cut. Without `lsid`,
// `$clusterTime` and document sequences.
[[nodiscard]] std::optional<std::string> command_text(const WireCommand& command);

}  // namespace mme::mongo

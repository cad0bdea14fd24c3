// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "mongo/wire_command.h"

namespace mme::mongo {

// The command as relaxed extended JSON, literals and all, with as many documents of its sequences as are there; without
// what drivers add to each (`lsid`, `$clusterTime`, `$db`, `$readPreference`). Nothing where its own document was cut,
// or where it is about credentials (createUser, saslStart and the like).
[[nodiscard]] std::optional<std::string> command_text(const WireCommand& command);

}  // namespace mme::mongo

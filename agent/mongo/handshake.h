// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "mongo/wire_command.h"

namespace mme::mongo {

// Who a client says it is when it connects, and nothing else of what it says
// (https://github.com/mongodb/specifications/blob/master/source/mongodb-handshake/handshake.md). Texts are valid UTF-8
// of at most 128 bytes, empty where the client does not say.
struct ClientMetadata {
  std::string application;     // application.name
  std::string driver;          // driver.name, "nodejs|Mongoose"
  std::string driver_version;  // driver.version, "6.12.0|8.9.5"
  std::string platform;        // "Node.js v20.18.1, LE"
  std::string os;              // os.type, "Linux"
};

// The `client` of a hello or isMaster. Nothing: it is another command, or says nothing of its client.
[[nodiscard]] std::optional<ClientMetadata> client_metadata(const WireCommand& command);

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "metrics/kernel_snapshot.h"
#include "mongo/hello_reply.h"
#include "mongo/wire_message.h"

namespace mme::mongo {

// What a server says of itself in a reply to hello or isMaster
// (https://www.mongodb.com/docs/manual/reference/command/hello/#replica-set-member-fields). Nothing: it is no such
// reply, or was cut before it says its role. `target` is the caller's to fill in.
[[nodiscard]] std::optional<RawMongoMember> member_of(const WireMessage& hello_reply);
[[nodiscard]] std::optional<RawMongoMember> member_of(const HelloReply& hello);

}  // namespace mme::mongo

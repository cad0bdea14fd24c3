// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mme::mongo {

// What a server says of itself in a reply to hello or isMaster, as far as its first bytes tell
// (https://www.mongodb.com/docs/manual/reference/command/hello/#output). What is not there, or is of another type than
// it should be, is nothing. Texts are valid UTF-8 of at most 128 bytes.
struct HelloReply {
  std::string set_name;
  std::string me;  // "host:port" as the replica set knows it
  std::optional<bool> is_writable_primary;
  std::optional<bool> is_secondary;
  std::optional<bool> is_arbiter;
  bool is_mongos = false;
  bool cut = false;  // it went on behind what was read
};

// Of an OP_MSG, as read_command() takes it. Nothing: no reply begins there.
[[nodiscard]] std::optional<HelloReply> read_hello_reply(std::string_view body, size_t whole_bytes);

// Of an OP_REPLY, what follows its header of 16 bytes: the answer to an OP_QUERY
// (https://www.mongodb.com/docs/manual/legacy-opcodes/#op_reply).
[[nodiscard]] std::optional<HelloReply> read_legacy_hello_reply(std::string_view body, size_t whole_bytes);

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mme::mongo {

// What a reply says of itself, as far as its first bytes tell; what it carries is not kept. What is not there, or is of
// another type than it should be, is nothing. Texts are valid UTF-8 of at most 128 bytes.
struct Reply {
  std::optional<bool> ok;
  std::optional<int32_t> code;
  std::string code_name;
  bool has_write_errors = false;
  std::optional<int32_t> write_error_code;    // the first one's
  std::optional<int32_t> write_concern_code;  // of writeConcernError
  std::optional<int64_t> cursor_id;           // 0: this batch is the last
  std::optional<size_t> documents;            // in the batch, if all of it was there
  std::optional<int64_t> n;
  std::optional<int64_t> n_modified;

  // A hello's.
  std::string set_name;
  std::string me;  // "host:port" as the replica set knows it
  std::optional<bool> is_writable_primary;
  std::optional<bool> is_secondary;
  std::optional<bool> is_arbiter;
  bool is_mongos = false;

  bool cut = false;  // it went on behind what was read
};

// Of an OP_MSG, as read_command() takes it. Nothing: no reply begins there.
[[nodiscard]] std::optional<Reply> read_reply(std::string_view body, size_t whole_bytes);

// Of an OP_REPLY, what follows its header of 16 bytes: the answer to an OP_QUERY
// (https://www.mongodb.com/docs/manual/legacy-opcodes/#op_reply).
[[nodiscard]] std::optional<Reply> read_legacy_reply(std::string_view body, size_t whole_bytes);

}  // namespace mme::mongo

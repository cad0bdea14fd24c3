// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace mme::mongo {

// Of an OP_COMPRESSED message, the message that it carries.
struct Opened {
  int32_t opcode = 0;               // its own, MME_OP_MSG
  uint32_t uncompressed_bytes = 0;  // of all that follows its header
  std::string content;              // of these the first bytes
  bool whole = false;               // all of them
};

enum class OpenError {
  short_header,  // ends before the compressed bytes begin
  nested,        // carries an OP_COMPRESSED again
  unknown_compressor,
  too_large,  // for a message
  damaged,    // no such stream, or one of another length than is said
};

// `body` is what follows the header of 16 bytes, of `whole_bytes` that there were
// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_compressed). Of a stream that is cut, what
// can be known without the rest; zstd tells nothing before a block, of up to 128 KiB of content, is complete. Behind a
// cut, damage to a snappy stream looks like the cut.
//
// Gives at most `limit` bytes. Time and memory follow from `limit`, whatever the message says of itself.
[[nodiscard]] tl::expected<Opened, OpenError> open_compressed(std::string_view body, size_t whole_bytes, size_t limit);

}  // namespace mme::mongo

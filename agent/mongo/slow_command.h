// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mme::mongo {

// One command that took longer than its threshold, as it was seen on mongod's socket. Texts are as on the wire.
struct SlowCommand {
  std::chrono::system_clock::time_point time;          // of its end
  std::chrono::nanoseconds duration{0};                // from the request to the end of the reply
  std::optional<std::chrono::nanoseconds> first_byte;  // until mongod's first byte
  std::string target;
  std::string database;
  std::string collection;               // empty: the command has none
  std::string command;                  // "find"
  std::string shape;                    // query_shape.h
  std::optional<uint64_t> fingerprint;  // of the shape; none: the request was not seen, and so has no shape
  bool shape_complete = true;
  std::string application;   // what the client's handshake said; empty: it was not seen
  std::string driver;        // "PyMongo 4.6.0"
  bool replication = false;  // another member of the replica set asked, not a client
  std::string client;        // "10.0.0.3:53122"
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  std::optional<int64_t> documents;  // in the reply's batch
  std::optional<int64_t> cursor_id;  // where more is behind this batch
  std::string cursor_command;        // of a getMore: what opened its cursor, "find"; empty: it was not seen
  std::optional<int32_t> error;
  std::string error_name;               // "MaxTimeMSExpired"
  std::optional<std::string> literals;  // the command as it was; only with slow.literals

  bool operator==(const SlowCommand&) const = default;
};

// "mme.memories", "mme" without a collection.
[[nodiscard]] std::string namespace_of(const SlowCommand& command);

// One JSON object without a newline, whatever bytes the texts have: what is not UTF-8 becomes U+FFFD, control
// characters are escaped. Time in UTC with microseconds, durations in milliseconds, `fingerprint` as 16 hex digits,
// `cursor_id` as a string, for its 64 bits are more than JSON's readers keep. What is not known or empty is left out.
[[nodiscard]] std::string to_json_line(const SlowCommand& command);

// The same back; unknown keys are passed over. `time`, `duration_ms` and `command` must be there. A first byte or a
// fingerprint of 0 was not known either: so agents wrote it once.
[[nodiscard]] Result<SlowCommand> from_json_line(std::string_view line);

}  // namespace mme::mongo

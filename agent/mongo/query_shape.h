// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "mongo/wire_command.h"

namespace mme::mongo {

// What a command asks for, without what it asks with: every literal is `?`, arrays of literals are `[?]`, and elements
// of an array that look the same are one. `{find: ?, filter: {tenantId: ?, tags: {$in: [?]}}, sort: {at: -1}}`.
//
// Kept are the names of commands, operators, stages and their arguments, as far as they are known; of the fields that
// filters, updates, sorts, projections and stages name; the direction of a sort, whether a projection takes a field or
// leaves it out, the field of a distinct, and the collections that stages read and write. Not kept is all that is data:
// inserted documents, what a document is replaced with, the right side of an update's operators, and documents that are
// compared or built, with their keys. What is not known counts as data.
struct QueryShape {
  std::string text;
  uint64_t hash = 0;  // of the text, FNV-1a: the same for the same shape, always; of one that is not complete another
  bool complete = true;  // false: the command went on behind what was read
};

[[nodiscard]] QueryShape query_shape(const WireCommand& command);

}  // namespace mme::mongo

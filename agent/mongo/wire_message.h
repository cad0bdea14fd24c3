// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mme/exchange.h"

namespace mme::mongo {

// The first bytes of a wire message, opened where it was compressed.
struct WireMessage {
  int32_t opcode = 0;      // of what is in it: enum mme_mongo_opcode
  std::string body;        // behind the header, as much as is there
  size_t whole_bytes = 0;  // of `body`, if all of it were there
  bool was_compressed = false;
};

// Nothing: not even a header, or what is compressed cannot be opened.
[[nodiscard]] std::optional<WireMessage> open_message(std::string_view bytes);

// What the programs' parser knows of a message whose end may be missing.
struct ParsedMessage {
  mme_mongo parser{};
  mme_mongo_names names{};

  // As it came over the wire, as far as it is there; empty where it is not.
  [[nodiscard]] std::string database() const { return name(0); }
  [[nodiscard]] std::string collection() const { return name(1); }

 private:
  [[nodiscard]] std::string name(size_t which) const;
};
// `flags`: enum mme_mongo_flag of the direction, MME_MONGO_IS_REPLY.
[[nodiscard]] ParsedMessage parse(const WireMessage& message, uint16_t flags);

}  // namespace mme::mongo

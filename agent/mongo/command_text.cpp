// SPDX-License-Identifier: Apache-2.0
#include "mongo/command_text.h"

#include <bson/bson.h>

#include <memory>

namespace mme::mongo {

std::optional<std::string> command_text(const WireCommand& command) {
  bson_t whole;
  const auto* bytes = reinterpret_cast<const uint8_t*>(command.document.data());
  if (!bson_init_static(&whole, bytes, command.document.size())) return std::nullopt;
  if (!bson_validate(&whole, BSON_VALIDATE_NONE, nullptr)) return std::nullopt;
  bson_t shown = BSON_INITIALIZER;
  bson_copy_to_excluding_noinit(&whole, &shown, "lsid", "$clusterTime", nullptr);
  const std::unique_ptr<char, void (*)(void*)> text(bson_as_relaxed_extended_json(&shown, nullptr), bson_free);
  bson_destroy(&shown);
  if (!text) return std::nullopt;
  return std::string(text.get());
}

}  // namespace mme::mongo

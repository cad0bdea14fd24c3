// SPDX-License-Identifier: Apache-2.0
#include "mongo/command_text.h"

#include <bson/bson.h>

#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace mme::mongo {
namespace {

constexpr std::string_view kOfCredentials[] = {"createUser",   "updateUser",   "saslStart",
                                               "saslContinue", "authenticate", "copydbsaslstart"};

bool is_of_credentials(std::string_view name) {
  const std::string text(name);
  return std::any_of(std::begin(kOfCredentials), std::end(kOfCredentials),
                     [&](std::string_view one) { return ::strcasecmp(text.c_str(), one.data()) == 0; });
}

// As many of the documents as are there in whole.
void append_sequence(std::string_view name, std::string_view documents, bson_t* to) {
  bson_t array;
  bson_append_array_begin(to, name.data(), static_cast<int>(name.size()), &array);
  uint32_t length = 0;
  for (size_t index = 0; documents.size() >= sizeof length; ++index) {
    std::memcpy(&length, documents.data(), sizeof length);
    bson_t document;
    if (length > documents.size() ||
        !bson_init_static(&document, reinterpret_cast<const uint8_t*>(documents.data()), length) ||
        !bson_validate(&document, BSON_VALIDATE_NONE, nullptr))
      break;
    const std::string key = std::to_string(index);
    bson_append_document(&array, key.c_str(), static_cast<int>(key.size()), &document);
    documents.remove_prefix(length);
  }
  bson_append_array_end(to, &array);
}

}  // namespace

std::optional<std::string> command_text(const WireCommand& command) {
  if (is_of_credentials(command.name)) return std::nullopt;
  bson_t whole;
  const auto* bytes = reinterpret_cast<const uint8_t*>(command.document.data());
  if (!bson_init_static(&whole, bytes, command.document.size())) return std::nullopt;
  if (!bson_validate(&whole, BSON_VALIDATE_NONE, nullptr)) return std::nullopt;
  bson_t shown = BSON_INITIALIZER;
  bson_copy_to_excluding_noinit(&whole, &shown, "lsid", "$clusterTime", "$db", "$readPreference",
                                "speculativeAuthenticate", nullptr);
  for (const auto& [name, documents] : command.sequences) append_sequence(name, documents, &shown);
  const std::unique_ptr<char, void (*)(void*)> text(bson_as_relaxed_extended_json(&shown, nullptr), bson_free);
  bson_destroy(&shown);
  if (!text) return std::nullopt;
  return std::string(text.get());
}

}  // namespace mme::mongo

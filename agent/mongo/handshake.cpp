// SPDX-License-Identifier: Apache-2.0
#include "mongo/handshake.h"

#include <algorithm>
#include <string_view>

#include "metrics/names.h"
#include "mme/cursor.h"
#include "mongo/bson_reader.h"

namespace mme::mongo {
namespace {

// mongod finds commands by their exact name; the case is passed over here so that no password is taken for a name.
bool is_named(const WireCommand& command, std::string_view lower_name) {
  return std::equal(command.name.begin(), command.name.end(), lower_name.begin(), lower_name.end(),
                    [](char a, char b) { return mme_lower(static_cast<__u8>(a)) == static_cast<__u8>(b); });
}

bool is_hello(const WireCommand& command) {
  return is_named(command, "hello") || is_named(command, "ismaster");
}

std::optional<BsonElement> find(std::string_view document, std::string_view key) {
  BsonReader reader(document);
  while (const auto element = reader.next())
    if (element->key == key) return element;
  return std::nullopt;
}

std::string text_of(const std::optional<BsonElement>& element) {
  const auto text = element ? element->text() : std::nullopt;
  return text ? label_text(*text, false) : std::string();
}

// Of the document `part` within `client`.
std::string text_in(std::string_view client, std::string_view part, std::string_view key) {
  const auto inner = find(client, part);
  return inner && inner->type == MME_BSON_DOCUMENT ? text_of(find(inner->value, key)) : std::string();
}

}  // namespace

std::optional<ClientMetadata> client_metadata(const WireCommand& command) {
  if (!is_hello(command)) return std::nullopt;
  const auto element = find(command.document, "client");
  if (!element || element->type != MME_BSON_DOCUMENT) return std::nullopt;
  const std::string_view client = element->value;
  return ClientMetadata{.application = text_in(client, "application", "name"),
                        .driver = text_in(client, "driver", "name"),
                        .driver_version = text_in(client, "driver", "version"),
                        .platform = text_of(find(client, "platform")),
                        .os = text_in(client, "os", "type")};
}

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
// Builds MongoDB wire messages from JSON, for the corpus and the tests. Integers are int32, {"$long": n} int64, other
// numbers doubles; {"$regex": [pattern, options]}, {"$oid": hex} and {"$binary": hex} are those BSON types.
#pragma once

#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mme/mongo.h"

namespace mme::test {

using Json = nlohmann::ordered_json;

template <typename T>
std::string little(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(T); i++) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
inline std::string u32(uint32_t value) {
  return little(value);
}

inline std::string unhex(std::string_view text) {
  std::string bytes, digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  return bytes;
}

std::string bson(const Json& document);

inline std::pair<uint8_t, std::string> bson_value(const Json& value) {
  const auto text = [](const std::string& s) { return u32(static_cast<uint32_t>(s.size() + 1)) + s + '\0'; };
  if (value.is_null()) return {0x0a, ""};
  if (value.is_boolean()) return {MME_BSON_BOOL, std::string(1, value.get<bool>() ? '\1' : '\0')};
  if (value.is_number_integer()) return {MME_BSON_INT32, u32(static_cast<uint32_t>(value.get<int64_t>()))};
  if (value.is_number()) return {MME_BSON_DOUBLE, little(std::bit_cast<uint64_t>(value.get<double>()))};
  if (value.is_string()) return {MME_BSON_STRING, text(value.get<std::string>())};
  if (value.is_array()) return {MME_BSON_ARRAY, bson(value)};
  if (value.contains("$long")) return {MME_BSON_INT64, little(static_cast<uint64_t>(value["$long"].get<int64_t>()))};
  if (value.contains("$oid")) return {0x07, unhex(value["$oid"].get<std::string>())};
  if (value.contains("$regex") && value["$regex"].is_array())
    return {MME_BSON_REGEX,
            value["$regex"][0].get<std::string>() + '\0' + value["$regex"][1].get<std::string>() + '\0'};
  if (value.contains("$binary")) {
    const std::string bytes = unhex(value["$binary"].get<std::string>());
    return {MME_BSON_BINARY, u32(static_cast<uint32_t>(bytes.size())) + '\0' + bytes};
  }
  return {MME_BSON_DOCUMENT, bson(value)};
}

inline std::string bson(const Json& document) {
  std::string elements;
  size_t index = 0;
  for (const auto& item : document.items()) {
    const auto [type, bytes] = bson_value(item.value());
    elements += static_cast<char>(type);
    elements += (document.is_array() ? std::to_string(index++) : item.key()) + '\0' + bytes;
  }
  return u32(static_cast<uint32_t>(elements.size() + 5)) + elements + '\0';
}

inline std::string mongo_message(uint32_t id, uint32_t response_to, uint32_t opcode, const std::string& content) {
  return u32(static_cast<uint32_t>(content.size() + 16)) + u32(id) + u32(response_to) + u32(opcode) + content;
}

inline std::string body_section(const Json& document) {
  return '\0' + bson(document);
}

inline std::string sequence_section(const std::string& name, const Json& documents) {
  std::string content = name + '\0';
  for (const Json& document : documents) content += bson(document);
  return '\1' + u32(static_cast<uint32_t>(content.size() + 4)) + content;
}

enum : uint32_t { kChecksum = 1, kMoreToCome = 2, kExhaustAllowed = 1 << 16 };

// The checksum itself is not looked at.
inline std::string op_msg(uint32_t id, uint32_t response_to, uint32_t flags, const std::string& sections) {
  return mongo_message(id, response_to, MME_OP_MSG, u32(flags) + sections + (flags & kChecksum ? "\1\0cs" : ""));
}

inline std::string request(uint32_t id, const Json& body, uint32_t flags = 0) {
  return op_msg(id, 0, flags, body_section(body));
}

inline std::string reply(uint32_t response_to, const Json& body, uint32_t flags = 0) {
  return op_msg(response_to + 100000, response_to, flags, body_section(body));
}

inline std::string op_query(uint32_t id, const std::string& collection, const Json& body) {
  return mongo_message(id, 0, MME_OP_QUERY, u32(0) + collection + '\0' + u32(0) + u32(0xffffffff) + bson(body));
}

inline std::string op_reply(uint32_t response_to, const Json& body) {
  return mongo_message(response_to + 100000, response_to, MME_OP_REPLY,
                       u32(8) + little(uint64_t{0}) + u32(0) + u32(1) + bson(body));
}

inline std::string op_compressed(uint32_t id, uint32_t response_to, const std::string& content) {
  return mongo_message(id, response_to, MME_OP_COMPRESSED, u32(MME_OP_MSG) + u32(1000) + '\1' + content);
}

}  // namespace mme::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mme::traefik {

// What a field of Traefik's dynamic configuration holds.
enum class Value : uint8_t {
  text,
  flag,
  integer,
  duration,
  texts,
  object,
  objects,        // a list
  servers,        // objects in files; one object called "server" in labels
  named_objects,  // a map, as those below
  named_texts,
  named_integers,
  named_anything,  // of plugins
};

enum class Use : uint8_t {
  plain,
  bare,     // may stand without anything below it; any value but true switches it off
  ignored,  // known, its value is not read
  ignored_in_files,
  ignored_in_labels,
};

struct Field {
  std::string_view name;
  Value value = Value::text;
  std::span<const Field> fields{};  // of objects
  Use use = Use::plain;
};

// "http", "tcp", "udp", "tls"
[[nodiscard]] std::span<const Field> dynamic_fields();

}  // namespace mme::traefik

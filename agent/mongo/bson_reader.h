// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mme/mongo.h"

namespace mme::mongo {

// One element of a document (https://bsonspec.org/spec.html). `value` has all bytes of the value, with the length
// before strings, binaries, documents and arrays, as far as they are there.
struct BsonElement {
  uint8_t type = 0;  // enum mme_bson
  std::string_view key;
  std::string_view value;
  bool whole = true;

  [[nodiscard]] bool is_container() const { return type == MME_BSON_DOCUMENT || type == MME_BSON_ARRAY; }
  // Of a whole string, without its terminator; else nothing.
  [[nodiscard]] std::optional<std::string_view> text() const;
  // Of a whole double, int32, int64 or bool; else nothing.
  [[nodiscard]] std::optional<double> number() const;
  // The same where it is a whole number of 64 bits, exactly.
  [[nodiscard]] std::optional<int64_t> integer() const;
};

// Reads the elements of a document of which only the first bytes may be there; libbson takes whole documents only.
// Never reads beyond `document`, whatever its lengths say.
class BsonReader {
 public:
  // `document` begins with its length.
  explicit BsonReader(std::string_view document);

  // Nothing: the end, or see cut().
  [[nodiscard]] std::optional<BsonElement> next();
  // The document went on, or is no BSON from there.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  [[nodiscard]] std::optional<size_t> value_size(uint8_t type) const;

  std::string_view rest_;
  bool cut_ = false;
};

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "mongo/bson_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace mme::mongo {
namespace {

template <typename Number>
Number little(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

std::optional<std::string_view> BsonElement::text() const {
  if (type != MME_BSON_STRING || !whole || value.size() < 5) return std::nullopt;
  return value.substr(4, value.size() - 5);
}

std::optional<double> BsonElement::number() const {
  if (!whole) return std::nullopt;
  switch (type) {
    case MME_BSON_DOUBLE:
      return little<double>(value);
    case MME_BSON_INT32:
      return little<int32_t>(value);
    case MME_BSON_INT64:
      return static_cast<double>(little<int64_t>(value));
    case MME_BSON_BOOL:
      return value[0];
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> BsonElement::integer() const {
  if (whole && type == MME_BSON_INT64) return little<int64_t>(value);
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  const auto some = number();
  if (!some || !(*some >= -kEnd && *some < kEnd) || *some != std::trunc(*some)) return std::nullopt;
  return static_cast<int64_t>(*some);
}

BsonReader::BsonReader(std::string_view document) : rest_(document) {
  if (rest_.size() < 5) {
    cut_ = true;
    return;
  }
  const auto length = little<uint32_t>(rest_);
  rest_.remove_prefix(4);
  if (length < 5)
    cut_ = true;
  else
    rest_ = rest_.substr(0, length - 4);
}

// Bytes of the value that rest_ begins with. Nothing: its length is not there, or its type is none.
std::optional<size_t> BsonReader::value_size(uint8_t type) const {
  const int fixed = mme_bson_size(type);
  if (fixed >= 0) return fixed;
  if (type == MME_BSON_REGEX) {
    const size_t pattern = rest_.find('\0');
    const size_t options = pattern == std::string_view::npos ? pattern : rest_.find('\0', pattern + 1);
    return options == std::string_view::npos ? rest_.size() + 1 : options + 1;
  }
  if (fixed != -1 || rest_.size() < 4) return std::nullopt;
  const size_t length = little<uint32_t>(rest_);
  switch (type) {
    case MME_BSON_DOCUMENT:
    case MME_BSON_ARRAY:
    case 0x0f:  // code with scope
      return length < 5 ? std::nullopt : std::optional(length);
    case MME_BSON_BINARY:
      return 4 + 1 + length;
    case MME_BSON_DBPOINTER:
      return length < 1 ? std::nullopt : std::optional(4 + length + 12);
    default:
      return length < 1 ? std::nullopt : std::optional(4 + length);
  }
}

std::optional<BsonElement> BsonReader::next() {
  if (cut_ || rest_.empty() || rest_.front() == '\0') {
    cut_ = cut_ || rest_.empty();
    return std::nullopt;
  }
  BsonElement element;
  element.type = static_cast<uint8_t>(rest_.front());
  const size_t end = rest_.find('\0', 1);
  if (end == std::string_view::npos) {
    cut_ = true;
    return std::nullopt;
  }
  element.key = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  const auto size = value_size(element.type);
  if (!size) {
    cut_ = true;
    return std::nullopt;
  }
  element.whole = *size <= rest_.size();
  cut_ = !element.whole;
  element.value = rest_.substr(0, std::min(*size, rest_.size()));
  rest_.remove_prefix(element.value.size());
  return element;
}

}  // namespace mme::mongo

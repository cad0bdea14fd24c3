// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <type_traits>

namespace mme {

// A struct without padding as the kernel's maps compare it, for use as a key.
template <typename Key>
[[nodiscard]] std::string raw_bytes(const Key& key) {
  static_assert(std::has_unique_object_representations_v<Key>);
  return {reinterpret_cast<const char*>(&key), sizeof key};
}

}  // namespace mme

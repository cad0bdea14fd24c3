// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"

struct bpf_map;

namespace mme {

// A BPF_F_MMAPABLE array of T, read and written in place: a scrape costs no system call.
class MappedBytes {
 public:
  MappedBytes() = default;
  MappedBytes(MappedBytes&& other) noexcept;
  MappedBytes& operator=(MappedBytes&& other) noexcept;
  ~MappedBytes();

  [[nodiscard]] static Result<MappedBytes> map(const bpf_map* map, size_t value_bytes);

  template <typename T>
  [[nodiscard]] std::span<const T> as() const {
    return {static_cast<const T*>(address_), bytes_ / sizeof(T)};
  }
  template <typename T>
  [[nodiscard]] std::span<T> as() {
    return {static_cast<T*>(address_), bytes_ / sizeof(T)};
  }

 private:
  void* address_ = nullptr;
  size_t bytes_ = 0;   // of the values
  size_t mapped_ = 0;  // in whole pages
};

}  // namespace mme

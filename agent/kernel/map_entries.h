// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"

struct bpf_map;

namespace mme {

// Calls `use` with key and value of each entry, some hundred a system call; the value of a per-CPU map is one for each
// possible CPU, each on a multiple of 8 bytes. Entries that come meanwhile may be missing.
[[nodiscard]] Result<> for_each_entry(const bpf_map* map,
                                      const std::function<void(const void* key, const void* value)>& use);

// The sum over all CPUs of a counter in a per-CPU array.
[[nodiscard]] Result<uint64_t> sum_of_cpus(const bpf_map* map, uint32_t key);

}  // namespace mme

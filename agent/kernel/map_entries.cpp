// SPDX-License-Identifier: Apache-2.0
#include "kernel/map_entries.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace mme {
namespace {

using Use = std::function<void(const void* key, const void* value)>;

constexpr size_t kBatchBytes = 64 << 10;

size_t value_bytes(const bpf_map* map) {
  const size_t one = bpf_map__value_size(map);
  const bpf_map_type type = bpf_map__type(map);
  if (type != BPF_MAP_TYPE_PERCPU_ARRAY && type != BPF_MAP_TYPE_PERCPU_HASH) return one;
  return (one + 7) / 8 * 8 * static_cast<size_t>(libbpf_num_possible_cpus());
}

tl::unexpected<Error> cannot_read(const bpf_map* map, int error_number) {
  return fail_errno(std::string("read the BPF map ") + bpf_map__name(map), error_number);
}

Result<> one_by_one(const bpf_map* map, const Use& use) {
  const int fd = bpf_map__fd(map);
  std::vector<std::byte> key(bpf_map__key_size(map));
  std::vector<std::byte> value(value_bytes(map));
  const void* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, key.data()) == 0) {
    if (bpf_map_lookup_elem(fd, key.data(), value.data()) != 0) return cannot_read(map, errno);
    use(key.data(), value.data());
    previous = key.data();
  }
  return {};
}

}  // namespace

Result<> for_each_entry(const bpf_map* map, const Use& use) {
  const size_t key_size = bpf_map__key_size(map);
  const size_t value_size = value_bytes(map);
  const size_t entries = std::clamp<size_t>(kBatchBytes / value_size, 1, bpf_map__max_entries(map));
  std::vector<std::byte> keys(entries * key_size);
  std::vector<std::byte> values(entries * value_size);
  std::vector<std::byte> position(std::max(key_size, sizeof(uint32_t)));  // a hash's is a bucket, an array's is a key

  bool begun = false;
  for (bool more = true; more; begun = true) {
    auto count = static_cast<uint32_t>(entries);
    const int result = bpf_map_lookup_batch(bpf_map__fd(map), begun ? position.data() : nullptr, position.data(),
                                            keys.data(), values.data(), &count, nullptr);
    if (result != 0 && errno != ENOENT) {
      // ENOTSUPP, which user space has no name for: per-CPU arrays have batches since Linux 5.13.
      return begun ? cannot_read(map, errno) : one_by_one(map, use);
    }
    for (size_t i = 0; i < count; ++i) use(&keys[i * key_size], &values[i * value_size]);
    more = result == 0;
  }
  return {};
}

Result<uint64_t> sum_of_cpus(const bpf_map* map, uint32_t key) {
  std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
  if (bpf_map_lookup_elem(bpf_map__fd(map), &key, values.data()) != 0) return cannot_read(map, errno);
  return std::accumulate(values.begin(), values.end(), uint64_t{0});
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "kernel/mapped_array.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace mme {

MappedBytes::MappedBytes(MappedBytes&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

MappedBytes& MappedBytes::operator=(MappedBytes&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

MappedBytes::~MappedBytes() {
  if (address_ != nullptr) ::munmap(address_, mapped_);
}

Result<MappedBytes> MappedBytes::map(const bpf_map* map, size_t value_bytes) {
  if (bpf_map__value_size(map) != value_bytes || value_bytes % 8 != 0) {
    return fail(std::string("BPF map ") + bpf_map__name(map) +
                " has values of another size than the agent was built for");
  }
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  MappedBytes result;
  result.bytes_ = value_bytes * bpf_map__max_entries(map);
  result.mapped_ = (result.bytes_ + page - 1) / page * page;
  void* address = ::mmap(nullptr, result.mapped_, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (address == MAP_FAILED)
    return fail_errno(std::string("map the BPF map ") + bpf_map__name(map) + " into memory", errno);
  result.address_ = address;
  return result;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "kernel/mapped_array.h"
#include "kernel/programs.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/quantile.h"

namespace mme {

// Reads the maps into a KernelSnapshot: histograms and labels in place, the small maps by system calls. Never deletes.
class MapReader {
 public:
  [[nodiscard]] static Result<MapReader> open(const Programs& programs, const std::vector<double>& bounds_s);

  [[nodiscard]] Result<KernelSnapshot> read(const Programs& programs);

 private:
  // The fine buckets are 32 bits wide in the kernel. Those of a histogram that has counted so much that one might wrap
  // are followed here, and go on growing.
  struct Widened {
    std::array<uint32_t, MME_BUCKETS + 2> last{};
    std::array<uint64_t, MME_BUCKETS + 2> total{};
  };

  void read_series(const mme_settings& settings, uint32_t family, uint32_t used, KernelSnapshot& out);
  void add_buckets(uint32_t index, const mme_histogram& histogram, uint64_t count, FineBuckets& fine);
  void add_series(const mme_settings& settings, uint32_t slot, const mme_series_key& key, KernelSnapshot& out);
  [[nodiscard]] Result<> read_names(const Programs& programs, KernelSnapshot& out);

  MappedBytes entries_;
  MappedBytes histograms_;
  std::vector<double> bounds_s_;
  std::unordered_map<uint32_t, Widened> widened_;  // by histogram index: shard and slot
  std::shared_ptr<const WireNames> names_ = std::make_shared<WireNames>();
  size_t named_series_ = 0;  // whose names are in names_
};

// Memory of all maps, by map: values, keys and the kernel's own bookkeeping a entry, as far as it is known.
[[nodiscard]] std::map<std::string, uint64_t> map_bytes(const Programs& programs, int possible_cpus);

// Memory that the sockets' storage takes once limits.connections are tracked; in no map's own figure.
[[nodiscard]] uint64_t connection_bytes(const Programs& programs);

}  // namespace mme

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
#include "metrics/retired_series.h"

namespace mme {

// Reads the maps into a KernelSnapshot: histograms and labels in place, the small maps by system calls. Deletes nothing
// but series that are retired, and then what only they needed.
class MapReader {
 public:
  [[nodiscard]] static Result<MapReader> open(const Programs& programs, const std::vector<double>& bounds_s);

  [[nodiscard]] Result<KernelSnapshot> read(const Programs& programs);

  // Series of MongoDB whose places others are to have. The programs count in them no more; they are shown until
  // free_retired() returns them, a second later.
  void retire(const Programs& programs, const std::vector<mme_series_key>& keys);
  // Frees their places; what they had counted is kept without their names.
  std::vector<mme_series_key> free_retired(const Programs& programs);

 private:
  struct Retiring {
    uint32_t slot;  // in the family; 0: none
    mme_series_key key;
    double since_s;
  };
  // A histogram's counts are 32 bits wide in the kernel. Where one might wrap they are followed here, and go on
  // growing.
  struct Widened {
    mme_histogram last{};
    std::array<uint64_t, MME_BOUNDS_MAX + 1> bounds{};
    FineBuckets buckets{};

    void follow(const mme_histogram& now);
  };

  void read_series(const mme_settings& settings, uint32_t family, uint32_t used, KernelSnapshot& out);
  void empty_slot(const mme_settings& settings, uint32_t slot, const mme_series_key& key);
  void forget_names(const Programs& programs);
  bool add_counts(uint32_t index, std::vector<uint64_t>& bounds, FineBuckets& fine);
  void add_series(const mme_settings& settings, uint32_t slot, const mme_series_key& key, KernelSnapshot& out);
  [[nodiscard]] Result<> read_names(const Programs& programs, KernelSnapshot& out);

  MappedBytes entries_;
  MappedBytes histograms_;
  std::vector<double> bounds_s_;
  std::unordered_map<uint32_t, Widened> widened_;  // by histogram index: shard and slot
  std::shared_ptr<const WireNames> names_ = std::make_shared<WireNames>();
  std::vector<Retiring> retiring_;
  uint64_t retired_series_ = 0;
  RetiredSeries retired_;
  std::vector<uint32_t> freed_slots_;  // that are not in the map free_slots yet
  uint64_t free_places_ = 0;           // KernelSnapshot::retired_places
};

// What a program has cost, under the name that metrics show.
void read_program(const char* name, const bpf_program* program, KernelSnapshot& out);

// Memory of all maps, by map: values, keys and the kernel's own bookkeeping a entry, as far as it is known.
[[nodiscard]] std::map<std::string, uint64_t> map_bytes(const Programs& programs, int possible_cpus);

// Memory that the sockets' storage takes once limits.connections are tracked; in no map's own figure.
[[nodiscard]] uint64_t connection_bytes(const Programs& programs);

}  // namespace mme

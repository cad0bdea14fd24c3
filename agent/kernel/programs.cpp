// SPDX-License-Identifier: Apache-2.0
#include "kernel/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "discovery/host_checks.h"
#include "discovery/host_facts.h"

namespace mme {
namespace {

constexpr size_t kVerifierLogBytes = 32 << 20;  // a log that does not fit fails as ENOSPC; untouched pages cost nothing
constexpr size_t kShownLogBytes = 600;

// libbpf's own lines go nowhere: every failure comes back as an errno with the verifier's log beside it.
int print_nothing(libbpf_print_level, const char*, va_list) {
  return 0;
}

std::string log_tail(const char* log) {
  std::string text(log);
  if (text.size() > kShownLogBytes) text.erase(0, text.size() - kShownLogBytes);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : "; verifier: " + text;
}

tl::unexpected<Error> load_failed(const char* object, int result, const char* log) {
  const auto failure = fail_errno(std::string("load the BPF programs of ") + object, -result,
                                  mend_of_load(-result, read_host_facts("/proc", "/sys")));
  return fail(failure.value().message + log_tail(log));
}

// What an LRU map has at least, and what each CPU needs of it: see bpf/maps/pending.bpf.h.
void size_lru_maps(const observer_bpf& skeleton, uint32_t possible_cpus) {
  const std::pair<bpf_map*, uint32_t> maps[] = {{skeleton.maps.pending, 128},  {skeleton.maps.cursors, 128},
                                                {skeleton.maps.cut_names, 16}, {skeleton.maps.cut_heads, 16},
                                                {skeleton.maps.parked, 32},    {skeleton.maps.parked_places, 4}};
  for (const auto& [map, per_cpu] : maps) {
    bpf_map__set_max_entries(map, std::max(bpf_map__max_entries(map), per_cpu * possible_cpus));
  }
}

void size_maps(const observer_bpf& skeleton, const mme_settings& settings) {
  bpf_map__set_max_entries(skeleton.maps.series, MME_FAMILIES * settings.series_per_family);
  bpf_map__set_max_entries(skeleton.maps.series_entries, settings.slots);
  bpf_map__set_max_entries(skeleton.maps.histograms, settings.slots * (settings.shard_mask + 1));
  bpf_map__set_max_entries(skeleton.maps.names, settings.series_per_family + settings.series_per_family / 8);
}

// The second object uses the first one's maps, all but its own constants.
Result<> share_maps(const observer_bpf& from, const lifecycle_bpf& to) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, to.obj) {
    if (bpf_map__is_internal(map)) continue;
    const bpf_map* shared = bpf_object__find_map_by_name(from.obj, bpf_map__name(map));
    if (shared == nullptr) continue;
    if (const int error = bpf_map__reuse_fd(map, bpf_map__fd(shared)); error != 0) {
      return fail_errno(std::string("share the BPF map ") + bpf_map__name(map), -error);
    }
  }
  return {};
}

}  // namespace

mme_settings program_settings(const ObserverSettings& settings, int possible_cpus) {
  mme_settings result{};
  result.bounds = static_cast<uint32_t>(std::min<size_t>(settings.bounds_s.size(), MME_BOUNDS_MAX));
  for (uint32_t i = 0; i < result.bounds; ++i) {
    result.bounds_ns[i] = static_cast<uint64_t>(std::llround(settings.bounds_s[i] * 1e9));
  }
  const auto shards =
      std::min(std::bit_ceil(static_cast<uint32_t>(std::max(possible_cpus, 1))), static_cast<uint32_t>(MME_SHARDS_MAX));
  result.shard_mask = shards - 1;
  result.series_per_family = settings.series_per_family;
  result.slots = MME_FAMILIES * (settings.series_per_family + 1);
  result.connections = settings.connections;
  return result;
}

Result<Programs> load_programs(const ObserverSettings& settings) {
  const int possible_cpus = libbpf_num_possible_cpus();
  if (possible_cpus < 0) return fail_errno("count the possible CPUs", -possible_cpus, "is /sys mounted?");
  libbpf_set_print(print_nothing);

  const auto log = std::make_unique_for_overwrite<char[]>(kVerifierLogBytes);
  log[0] = '\0';
  bpf_object_open_opts options{};
  options.sz = sizeof(options);
  options.kernel_log_buf = log.get();
  options.kernel_log_size = kVerifierLogBytes;

  Programs programs;
  programs.settings = program_settings(settings, possible_cpus);
  programs.observer.reset(observer_bpf__open_opts(&options));
  programs.lifecycle.reset(lifecycle_bpf__open_opts(&options));
  if (!programs.observer || !programs.lifecycle) return fail_errno("open the BPF objects", errno);

  *const_cast<mme_settings*>(&programs.observer->rodata->settings) = programs.settings;
  *const_cast<mme_settings*>(&programs.lifecycle->rodata->settings) = programs.settings;
  size_maps(*programs.observer, programs.settings);
  size_lru_maps(*programs.observer, static_cast<uint32_t>(possible_cpus));
  if (const int error = observer_bpf__load(programs.observer.get()); error != 0) {
    return load_failed("observer.bpf.c", error, log.get());
  }
  if (const auto shared = share_maps(*programs.observer, *programs.lifecycle); !shared) {
    return tl::make_unexpected(shared.error());
  }
  if (const int error = lifecycle_bpf__load(programs.lifecycle.get()); error != 0) {
    return load_failed("lifecycle.bpf.c", error, log.get());
  }
  return programs;
}

std::vector<HookProgram> hook_programs(const Programs& programs) {
  // sockops and connect first: a connection that opens while the hooks are attached is then known from its start.
  return {{"connect4", programs.lifecycle->progs.mme_connect4},
          {"connect6", programs.lifecycle->progs.mme_connect6},
          {"sockops", programs.lifecycle->progs.mme_sockops},
          {"ingress", programs.observer->progs.mme_ingress},
          {"egress", programs.observer->progs.mme_egress}};
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "kernel/map_reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <iterator>
#include <numeric>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "kernel/map_entries.h"
#include "metrics/other_series.h"
#include "mme/mongo_commands.h"

namespace mme {
namespace {

// What a hash map of the kernel adds to key and value of an entry (struct htab_elem), and to itself a bucket.
constexpr uint64_t kHashEntryBytes = 48;
constexpr uint64_t kHashBucketBytes = 16;

// struct lpm_trie_node without its data; every entry but the first may need an inner node as well.
constexpr uint64_t kTrieNodeBytes = 40;

// What the kernel adds to a socket's storage: struct bpf_local_storage, and struct bpf_local_storage_elem up to its
// value. Allocations are powers of two. With these a value of 200 bytes takes 704; /proc/slabinfo of Linux 6.18 agrees.
constexpr uint64_t kStorageBytes = 192;
constexpr uint64_t kStorageElementBytes = 72;

// No count has wrapped at 2^32 before its histogram has half of that, and it is read more often than that.
constexpr uint64_t kWidenFrom = uint64_t{1} << 31;

constexpr uint32_t kConnectionsToMongod = 9;  // MME_COUNT_TO_MONGOD of bpf/maps/connections.bpf.h

constexpr int kAccountReadings = 5;
constexpr std::chrono::microseconds kBetweenAccountReadings{100};

// struct mme_allocator of bpf/maps/series.bpf.h as user space sees it: the lock reads as zero.
struct AllocatorValue {
  uint32_t lock;
  uint32_t used;
  uint32_t spare;
  uint32_t pad;
};

double monotonic_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

uint64_t round_up(uint64_t value, uint64_t step) {
  return (value + step - 1) / step * step;
}

Result<> look_up(const bpf_map* map, const void* key, void* value) {
  if (bpf_map_lookup_elem(bpf_map__fd(map), key, value) == 0) return {};
  return fail_errno(std::string("read the BPF map ") + bpf_map__name(map), errno);
}

// One value a possible CPU, each on a multiple of 8 bytes.
template <typename T>
Result<std::vector<T>> look_up_percpu(const bpf_map* map, uint32_t key) {
  static_assert(sizeof(T) % 8 == 0);
  std::vector<T> values(static_cast<size_t>(libbpf_num_possible_cpus()));
  if (auto found = look_up(map, &key, values.data()); !found) return tl::make_unexpected(found.error());
  return values;
}

Result<RawAccount> read_account(const observer_bpf& skeleton, uint32_t protocol) {
  const auto cpus = look_up_percpu<mme_account>(skeleton.maps.accounts, protocol);
  if (!cpus) return tl::make_unexpected(cpus.error());
  RawAccount account;
  for (const mme_account& cpu : *cpus) {
    account.bytes_seen += cpu.bytes_seen;
    account.bytes_parsed += cpu.bytes_parsed;
    for (size_t reason = 0; reason < MME_SKIPS; ++reason) {
      account.bytes_skipped.at(reason) += cpu.bytes_skipped[reason];
      account.messages_skipped.at(reason) += cpu.messages_skipped[reason];
    }
  }
  return account;
}

bool balances(const RawAccount& account) {
  const auto& skipped = account.bytes_skipped;
  return account.bytes_seen == std::accumulate(skipped.begin(), skipped.end(), account.bytes_parsed);
}

// A packet is seen some microseconds before it is parsed, so a reading between the two is repeated. What does not
// balance then waits for the bytes before it, or for a quieter moment.
Result<> read_accounts(const observer_bpf& skeleton, KernelSnapshot& out) {
  for (uint32_t protocol = 0; protocol < MME_PROTOCOLS; ++protocol) {
    RawAccount& account = out.accounts.at(protocol);
    for (int reading = 0; reading < kAccountReadings; ++reading) {
      const auto read = read_account(skeleton, protocol);
      if (!read) return tl::make_unexpected(read.error());
      account = *read;
      if (balances(account)) break;
      std::this_thread::sleep_for(kBetweenAccountReadings);
    }
  }
  return {};
}

Result<> read_mongo(const observer_bpf& skeleton, KernelSnapshot& out) {
  const auto cpus = static_cast<size_t>(libbpf_num_possible_cpus());
  out.mongo_counts.resize(MME_MONGO_COMMAND_COUNT);
  out.mongo_replication_counts.resize(MME_MONGO_COMMAND_COUNT);
  auto read = for_each_entry(skeleton.maps.mongo_counts, [&](const void* key, const void* value) {
    const uint32_t command = *static_cast<const uint32_t*>(key);
    if (command >= 2 * MME_MONGO_COMMAND_COUNT) return;
    mme_mongo_counts& counts = command < MME_MONGO_COMMAND_COUNT
                                   ? out.mongo_counts[command]
                                   : out.mongo_replication_counts[command - MME_MONGO_COMMAND_COUNT];
    for (const mme_mongo_counts& cpu : std::span(static_cast<const mme_mongo_counts*>(value), cpus)) {
      add(cpu, counts);
    }
  });
  if (!read) return read;
  return for_each_entry(skeleton.maps.mongo_errors, [&](const void* key, const void* value) {
    const auto& error = *static_cast<const mme_mongo_error_key*>(key);
    const uint64_t count = *static_cast<const uint64_t*>(value);
    if (error.code == MME_ERROR_CODE_OVERFLOW)
      out.mongo_errors_overflow += count;
    else
      out.mongo_errors.push_back({.target = error.target,
                                  .command = error.command,
                                  .code = static_cast<int32_t>(error.code),
                                  .kind = error.kind,
                                  .count = count,
                                  .replication = error.replication != 0});
  });
}

void read_programs(const Programs& programs, KernelSnapshot& out) {
  for (const HookProgram& hook : hook_programs(programs)) read_program(hook.hook, hook.program, out);
}

Result<> read_connections(const observer_bpf& skeleton, KernelSnapshot& out) {
  for (uint32_t role = 0; role < out.open_connections.size(); ++role) {
    const uint32_t key = role + 1;
    uint64_t count = 0;
    if (auto found = look_up(skeleton.maps.connection_counts, &key, &count); !found) return found;
    out.open_connections.at(role) = static_cast<int64_t>(count) < 0 ? 0 : count;
  }
  const uint32_t to_mongod = kConnectionsToMongod;
  if (auto found = look_up(skeleton.maps.connection_counts, &to_mongod, &out.mongo_connections_created); !found)
    return found;
  mme_port_key key{};
  const mme_port_key* previous = nullptr;
  while (bpf_map__get_next_key(skeleton.maps.open_by_port, previous, &key, sizeof(key)) == 0) {
    uint64_t count = 0;
    if (auto found = look_up(skeleton.maps.open_by_port, &key, &count); !found) return found;
    out.open_by_port.push_back({key.target, key.port, static_cast<int64_t>(count) < 0 ? 0 : count});
    previous = &key;
  }
  return {};
}

std::vector<Latency::Bucket> sparse(const FineBuckets& fine) {
  std::vector<Latency::Bucket> buckets;
  buckets.reserve(static_cast<size_t>(std::count_if(fine.begin(), fine.end(), [](uint64_t n) { return n != 0; })));
  for (uint32_t index = 0; index < fine.size(); ++index) {
    if (fine[index] != 0) buckets.push_back({index, fine[index]});
  }
  return buckets;
}

uint64_t bytes_of(const bpf_map* map, uint64_t cpus) {
  const uint64_t entries = bpf_map__max_entries(map);
  const uint64_t key = round_up(bpf_map__key_size(map), 8);
  const uint64_t value = round_up(bpf_map__value_size(map), 8);
  switch (bpf_map__type(map)) {
    case BPF_MAP_TYPE_ARRAY:
      return round_up(entries * value, 4096);
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return entries * value * cpus;
    case BPF_MAP_TYPE_LPM_TRIE:
      return entries * 2 * std::bit_ceil(kTrieNodeBytes + key + value);
    case BPF_MAP_TYPE_RINGBUF:
      return entries;
    case BPF_MAP_TYPE_QUEUE:
      return (entries + 1) * value;
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
      return entries * (key + value + kHashEntryBytes) + std::bit_ceil(entries) * kHashBucketBytes;
    default:
      return 0;  // socket storage grows with the connections: connection_bytes()
  }
}

}  // namespace

Result<MapReader> MapReader::open(const Programs& programs, const std::vector<double>& bounds_s) {
  MapReader reader;
  reader.bounds_s_ = bounds_s;
  auto entries = MappedBytes::map(programs.observer->maps.series_entries, sizeof(mme_series_entry));
  if (!entries) return tl::make_unexpected(entries.error());
  auto histograms = MappedBytes::map(programs.observer->maps.histograms, sizeof(mme_histogram));
  if (!histograms) return tl::make_unexpected(histograms.error());
  reader.entries_ = std::move(*entries);
  reader.histograms_ = std::move(*histograms);
  return reader;
}

void MapReader::Widened::follow(const mme_histogram& now) {
  for (size_t i = 0; i < bounds.size(); ++i) bounds.at(i) += now.bounds[i] - last.bounds[i];
  for (size_t i = 0; i < buckets.size(); ++i) buckets.at(i) += now.buckets[i] - last.buckets[i];
  last = now;
}

// Adds what the histogram has counted; false: nothing.
bool MapReader::add_counts(uint32_t index, std::vector<uint64_t>& bounds, FineBuckets& fine) {
  const mme_histogram& histogram = histograms_.as<mme_histogram>()[index];
  uint64_t count = 0;
  for (size_t i = 0; i < bounds.size(); ++i) count += histogram.bounds[i];
  const auto known = widened_.find(index);
  if (known == widened_.end() && count < kWidenFrom) {
    if (count == 0) return false;
    for (size_t i = 0; i < bounds.size(); ++i) bounds[i] += histogram.bounds[i];
    for (size_t i = 0; i < fine.size(); ++i) fine[i] += histogram.buckets[i];
    return true;
  }
  Widened& widened = known == widened_.end() ? widened_[index] : known->second;
  widened.follow(histogram);
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] += widened.bounds.at(i);
  for (size_t i = 0; i < fine.size(); ++i) fine[i] += widened.buckets.at(i);
  return true;
}

void MapReader::add_series(const mme_settings& settings, uint32_t slot, const mme_series_key& key,
                           KernelSnapshot& out) {
  const auto histograms = histograms_.as<mme_histogram>();
  RawSeries& series = out.series.emplace_back();
  series.key = key;
  series.latency.bounds.assign(settings.bounds + 1, 0);
  FineBuckets fine{};
  for (uint32_t shard = 0; shard <= settings.shard_mask; ++shard) {
    const uint32_t index = shard * settings.slots + slot;
    const mme_histogram& histogram = histograms[index];
    if (!add_counts(index, series.latency.bounds, fine)) continue;  // the CPUs of this shard had none of it
    series.latency.sum_ns += histogram.sum_ns;
    series.request_bytes += histogram.request_bytes;
    series.response_bytes += histogram.response_bytes;
  }
  series.latency.buckets = sparse(fine);
}

void MapReader::read_series(const mme_settings& settings, uint32_t family, uint32_t used, KernelSnapshot& out) {
  const auto entries = entries_.as<mme_series_entry>();
  const uint32_t base = family * (settings.series_per_family + 1);
  out.series.reserve(out.series.size() + used + 1);
  if (out.series_overflow.at(family) != 0) {
    add_series(settings, base, other_series(static_cast<uint8_t>(family)), out);
  }
  for (uint32_t slot = base + 1; slot <= base + used; ++slot) {
    if (entries[slot].ready == MME_SERIES_NONE) continue;
    add_series(settings, slot, entries[slot].key, out);
    ++out.series_in_use.at(family);
  }
  if (family == MME_FAMILY_MONGO)
    free_places_ = used < settings.series_per_family ? 0 : used - out.series_in_use.at(family);
}

void MapReader::retire(const Programs& programs, const std::vector<mme_series_key>& keys) {
  const int series = bpf_map__fd(programs.observer->maps.series);
  const uint32_t base = MME_FAMILY_MONGO * (programs.settings.series_per_family + 1);
  const double now = monotonic_seconds();
  for (const mme_series_key& key : keys) {
    uint32_t slot = base;  // it may be one of compressed messages only
    if (bpf_map_lookup_elem(series, &key, &slot) == 0) {
      std::atomic_ref(entries_.as<mme_series_entry>()[slot].ready).store(MME_SERIES_RETIRING);
      (void)bpf_map_delete_elem(series, &key);
    }
    retiring_.push_back({slot - base, key, now});
  }
}

std::vector<mme_series_key> MapReader::free_retired(const Programs& programs) {
  constexpr double kQuietS = 1;  // far longer than a program runs that found the slot before
  const double now = monotonic_seconds();
  const int free_slots = bpf_map__fd(programs.observer->maps.free_slots);
  const uint32_t base = MME_FAMILY_MONGO * (programs.settings.series_per_family + 1);
  std::vector<mme_series_key> freed;
  while (!retiring_.empty() && retiring_.front().since_s + kQuietS <= now) {
    const Retiring done = retiring_.front();
    retiring_.erase(retiring_.begin());
    if (done.slot != 0) {
      empty_slot(programs.settings, base + done.slot, done.key);
      freed_slots_.push_back(done.slot);
    }
    freed.push_back(done.key);
  }
  // The queue is full where places were retired that the programs did not need yet: the rest waits.
  while (!freed_slots_.empty() && bpf_map_update_elem(free_slots, nullptr, &freed_slots_.back(), BPF_ANY) == 0)
    freed_slots_.pop_back();
  retired_series_ += freed.size();
  if (!freed.empty()) forget_names(programs);
  return freed;
}

void MapReader::empty_slot(const mme_settings& settings, uint32_t slot, const mme_series_key& key) {
  KernelSnapshot last;
  add_series(settings, slot, key, last);
  add_retired(retired_, std::move(last.series.front()));
  for (uint32_t shard = 0; shard <= settings.shard_mask; ++shard) {
    const uint32_t index = shard * settings.slots + slot;
    histograms_.as<mme_histogram>()[index] = {};
    widened_.erase(index);
  }
  entries_.as<mme_series_entry>()[slot] = {};
}

// Of those that no series has any more, where room gets scarce. One that a series is about to have comes again with
// its next request.
void MapReader::forget_names(const Programs& programs) {
  const bpf_map* names = programs.observer->maps.names;
  std::set<uint64_t> used;
  for (const mme_series_entry& entry : std::as_const(entries_).as<mme_series_entry>()) {
    if (entry.ready != MME_SERIES_NONE && entry.key.family == MME_FAMILY_MONGO)
      used.insert(std::begin(entry.key.name), std::end(entry.key.name));
  }
  std::vector<uint64_t> unused;
  size_t all = 0;
  const auto read = for_each_entry(names, [&](const void* key, const void*) {
    const uint64_t hash = *static_cast<const uint64_t*>(key);
    ++all;
    if (!used.contains(hash)) unused.push_back(hash);
  });
  if (!read || all < size_t{bpf_map__max_entries(names)} / 8 * 7) return;
  for (const uint64_t hash : unused) (void)bpf_map_delete_elem(bpf_map__fd(names), &hash);
}

// A series' names are in the map before the series is: new names come with new series.
Result<> MapReader::read_names(const Programs& programs, KernelSnapshot& out) {
  const auto is_unnamed = [&](const RawSeries& one) {
    return one.key.family == MME_FAMILY_MONGO &&
           std::any_of(std::begin(one.key.name), std::end(one.key.name),
                       [&](auto hash) { return hash != 0 && !names_->contains(hash); });
  };
  if (std::any_of(out.series.begin(), out.series.end(), is_unnamed)) {
    auto names = std::make_shared<WireNames>();
    names->reserve(names_->size());
    auto read = for_each_entry(programs.observer->maps.names, [&](const void* key, const void* value) {
      const auto& name = *static_cast<const mme_name*>(value);
      names->emplace(*static_cast<const uint64_t*>(key),
                     std::string(name.text, std::min<size_t>(name.length, MME_NAME_BYTES)));
    });
    if (!read) return read;
    names_ = std::move(names);
  }
  out.names = names_;
  return {};
}

Result<KernelSnapshot> MapReader::read(const Programs& programs) {
  KernelSnapshot out;
  out.bounds_s = bounds_s_;
  const observer_bpf& skeleton = *programs.observer;
  auto first = for_each_entry(skeleton.maps.first_bytes, [&](const void* key, const void* value) {  // see FirstBytes
    out.first_bytes.push_back(
        {*static_cast<const mme_link_key*>(key), *static_cast<const mme_first_bytes*>(value), {}});
  });
  if (!first) return tl::make_unexpected(first.error());
  for (uint32_t family = 0; family < MME_FAMILIES; ++family) {
    AllocatorValue state{};
    if (auto found = look_up(skeleton.maps.allocators, &family, &state); !found)
      return tl::make_unexpected(found.error());
    const auto overflow = sum_of_cpus(skeleton.maps.series_overflow, family);
    if (!overflow) return tl::make_unexpected(overflow.error());
    out.series_overflow.at(family) = *overflow;
    read_series(programs.settings, family, state.used, out);
  }
  out.series_retired = retired_series_;
  for (const auto& [key, series] : retired_) out.retired.push_back(series);
  out.retired_places = free_places_;
  if (auto done = read_names(programs, out); !done) return tl::make_unexpected(done.error());
  if (auto done = read_accounts(skeleton, out); !done) return tl::make_unexpected(done.error());
  if (auto done = read_mongo(skeleton, out); !done) return tl::make_unexpected(done.error());
  if (auto done = read_connections(skeleton, out); !done) return tl::make_unexpected(done.error());
  read_programs(programs, out);
  auto linked = for_each_entry(programs.lifecycle->maps.links, [&](const void* key, const void* value) {
    out.links.push_back({*static_cast<const mme_link_key*>(key), *static_cast<const mme_link*>(value), {}});
  });
  if (!linked) return tl::make_unexpected(linked.error());
  const auto lost = sum_of_cpus(skeleton.maps.events_lost, 0);
  if (!lost) return tl::make_unexpected(lost.error());
  out.events_lost = *lost;
  for (uint32_t reason = 0; reason < MME_LOST_REASONS; ++reason) {
    const auto commands_lost = sum_of_cpus(skeleton.maps.commands_lost, reason);
    if (!commands_lost) return tl::make_unexpected(commands_lost.error());
    out.commands_lost.at(reason) = *commands_lost;
  }
  out.map_bytes = map_bytes(programs, libbpf_num_possible_cpus());
  out.monotonic_s = monotonic_seconds();
  return out;
}

void read_program(const char* name, const bpf_program* program, KernelSnapshot& out) {
  bpf_prog_info info{};
  uint32_t bytes = sizeof(info);
  if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes) != 0) return;
  out.programs.push_back({name, info.run_time_ns, info.run_cnt, info.verified_insns});
}

std::map<std::string, uint64_t> map_bytes(const Programs& programs, int possible_cpus) {
  std::map<std::string, uint64_t> result;
  const int here = libbpf_num_possible_cpus();
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, programs.observer->obj) {
    const std::string name = bpf_map__is_internal(map) ? "constants" : bpf_map__name(map);
    uint64_t bytes = bytes_of(map, static_cast<uint64_t>(possible_cpus));
    if (map == programs.observer->maps.histograms) {
      const uint64_t shards = program_settings({}, possible_cpus).shard_mask + 1;
      const uint64_t shards_here = program_settings({}, here).shard_mask + 1;
      bytes = bytes / shards_here * shards;
    }
    if (bytes != 0) result[name] += bytes;
  }
  result[bpf_map__name(programs.lifecycle->maps.links)] =  // the one map that the objects do not share
      bytes_of(programs.lifecycle->maps.links, static_cast<uint64_t>(possible_cpus));
  return result;
}

uint64_t connection_bytes(const Programs& programs) {
  const auto bytes = [](const bpf_map* map) {
    return std::bit_ceil(kStorageElementBytes + bpf_map__value_size(map)) + kStorageBytes;
  };
  const auto& maps = programs.observer->maps;
  const uint64_t connections = programs.settings.connections;
  return connections * bytes(maps.connections) +
         std::min<uint64_t>(connections, uint64_t{2} * MME_CAPTURES_MAX) * bytes(maps.captures);
}

}  // namespace mme

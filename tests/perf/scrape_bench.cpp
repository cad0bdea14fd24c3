// SPDX-License-Identifier: Apache-2.0
// A scrape without kernel and socket: what the maps held, to text, by number of series.
#include <benchmark/benchmark.h>

#include <string>

#include "metrics/exposition.h"
#include "metrics/resolve.h"

namespace mme {
namespace {

constexpr size_t kBounds = 15;

KernelSnapshot kernel_snapshot(uint32_t series) {
  KernelSnapshot raw;
  WireNames names = {{1, "perf"}};
  for (size_t i = 1; i <= kBounds; ++i) raw.bounds_s.push_back(0.005 * static_cast<double>(i));
  for (uint32_t i = 0; i < series; ++i) {
    RawSeries one;
    one.key.family = MME_FAMILY_MONGO;
    one.key.code = static_cast<uint16_t>(i % 8);
    one.key.name[0] = 1;
    one.key.name[1] = 2 + i;
    one.latency.bounds.assign(kBounds + 1, 1000 + i);
    for (uint32_t bucket = 100; bucket < 110; ++bucket) one.latency.buckets.push_back({bucket, i});
    one.latency.sum_ns = 123456789ull * i;
    names.emplace(one.key.name[1], "collection" + std::to_string(i));
    raw.series.push_back(std::move(one));
  }
  raw.names = std::make_shared<WireNames>(std::move(names));
  raw.mongo_counts.resize(8);
  return raw;
}

void scrape(benchmark::State& state) {
  const KernelSnapshot raw = kernel_snapshot(static_cast<uint32_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    (void)exposition(resolve(raw, {}), Subset::all)([](std::string_view piece) {
      benchmark::DoNotOptimize(piece.data());
      return true;
    });
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(scrape)->Arg(125)->Arg(500)->Arg(1000)->Arg(2000)->Arg(4000)->Unit(benchmark::kMillisecond)->Complexity();

}  // namespace
}  // namespace mme

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
#include "kernel_connection.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "harness.skel.h"

namespace mme::test {
namespace {

// As bpf/maps/accounts.bpf.h and harness.bpf.c lay it out.
constexpr size_t kSamples = 128;
struct HarnessState {
  mme_sample samples[kSamples];
  uint32_t count;
  uint32_t pad;
  uint64_t now_ns;
};

void must(int result, const char* what) {
  if (result != 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(result < 0 ? -result : errno));
}

template <typename Value>
Value read(const bpf_map* map) {
  const uint32_t zero = 0;
  Value value{};
  must(bpf_map_lookup_elem(bpf_map__fd(map), &zero, &value), bpf_map__name(map));
  return value;
}

template <typename Value>
void write(const bpf_map* map, const Value& value) {
  const uint32_t zero = 0;
  must(bpf_map_update_elem(bpf_map__fd(map), &zero, &value, BPF_ANY), bpf_map__name(map));
}

void clear(const bpf_map* map) {
  std::string key(bpf_map__key_size(map), '\0');
  while (bpf_map_get_next_key(bpf_map__fd(map), nullptr, key.data()) == 0)
    bpf_map_delete_elem(bpf_map__fd(map), key.data());
}

std::string big16(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string big32(uint32_t value) {
  return big16(static_cast<uint16_t>(value >> 16)) + big16(static_cast<uint16_t>(value));
}

}  // namespace

KernelConnection::KernelConnection()
    : skeleton_(harness_bpf::open(), harness_bpf::destroy), cpus_(static_cast<size_t>(libbpf_num_possible_cpus())) {
  if (!skeleton_) throw std::runtime_error("open the harness");
  constexpr uint32_t series = 500;
  auto* settings = const_cast<mme_settings*>(&skeleton_->rodata->settings);
  settings->series_per_family = series;
  settings->slots = MME_FAMILIES * (series + 1);
  settings->connections = 10;
  bpf_map__set_max_entries(skeleton_->maps.series, MME_FAMILIES * series);
  bpf_map__set_max_entries(skeleton_->maps.series_entries, settings->slots);
  bpf_map__set_max_entries(skeleton_->maps.histograms, settings->slots);
  bpf_map__set_max_entries(skeleton_->maps.names, 2 * series);
  must(harness_bpf::load(skeleton_.get()), "load the harness (needs root)");
}

KernelConnection::~KernelConnection() = default;

void KernelConnection::reset(const mme_connection& state) {
  role_ = state.role;
  write(skeleton_->maps.harness_connection, state);
  write(skeleton_->maps.harness_state, HarnessState{});
  for (const bpf_map* map : {skeleton_->maps.pending, skeleton_->maps.cursors, skeleton_->maps.parked,
                             skeleton_->maps.cut_names, skeleton_->maps.parked_places})
    clear(map);
  const std::vector<mme_account> none(cpus_);
  for (uint32_t protocol = 0; protocol < MME_PROTOCOLS; protocol++)
    must(bpf_map_update_elem(bpf_map__fd(skeleton_->maps.accounts), &protocol, none.data(), BPF_ANY), "accounts");
}

// Ethernet, which the kernel takes off again, IPv4 and TCP headers.
std::string KernelConnection::packet(const Segment& segment) const {
  const bool to_server = segment.is_request;
  const uint32_t ours = 0x0a000001, peer = 0x0a000002;
  const bool ingress = mme_is_request(role_, 1) == segment.is_request;
  const auto flags = static_cast<char>(0x10 | (segment.fin ? 0x01 : 0) | (segment.urgent ? 0x20 : 0));
  return std::string(12, '\0') + big16(0x0800) + "\x45" + '\0' +
         big16(static_cast<uint16_t>(40 + segment.bytes.size())) + big32(0) + '\x40' + '\x06' + big16(0) +
         big32(ingress ? peer : ours) + big32(ingress ? ours : peer) + big16(to_server ? kClientPort : kServerPort) +
         big16(to_server ? kServerPort : kClientPort) + big32(segment.sequence) + big32(0) + '\x50' + flags +
         big16(1000) + big32(0) + std::string(segment.bytes);
}

void KernelConnection::segment(const Segment& segment) {
  auto state = read<HarnessState>(skeleton_->maps.harness_state);
  state.now_ns = segment.now_ns;
  write(skeleton_->maps.harness_state, state);
  const std::string data = packet(segment);
  const bool ingress = mme_is_request(role_, 1) == segment.is_request;
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = data.data();
  options.data_size_in = static_cast<uint32_t>(data.size());
  options.repeat = 1;
  const bpf_program* program = ingress ? skeleton_->progs.mme_ingress : skeleton_->progs.mme_egress;
  must(bpf_prog_test_run_opts(bpf_program__fd(program), &options), "BPF_PROG_TEST_RUN");
  if (options.retval != 1) throw std::runtime_error("the program would have dropped a packet");
}

mme_connection KernelConnection::state() const {
  return read<mme_connection>(skeleton_->maps.harness_connection);
}

std::vector<mme_sample> KernelConnection::samples() const {
  const auto state = read<HarnessState>(skeleton_->maps.harness_state);
  if (state.count > kSamples) throw std::runtime_error("more samples than the harness keeps");
  return {state.samples, state.samples + state.count};
}

mme_account KernelConnection::account() const {
  mme_account sum{};
  const uint32_t protocol = role_ == MME_ROLE_MONGOD ? MME_PROTOCOL_MONGO : MME_PROTOCOL_HTTP;
  std::vector<mme_account> values(cpus_);
  must(bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.accounts), &protocol, values.data()), "accounts");
  for (const mme_account& value : values) {
    sum.bytes_seen += value.bytes_seen;
    sum.bytes_parsed += value.bytes_parsed;
    for (int i = 0; i < MME_SKIPS; i++) {
      sum.bytes_skipped[i] += value.bytes_skipped[i];
      sum.messages_skipped[i] += value.messages_skipped[i];
    }
  }
  return sum;
}

}  // namespace mme::test

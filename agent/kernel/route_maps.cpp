// SPDX-License-Identifier: Apache-2.0
#include "kernel/route_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/raw_bytes.h"

namespace mme {
namespace {

mme_route_prefix prefix_key(uint16_t target, uint16_t port, const std::string& literal) {
  constexpr uint32_t kFixedBytes = sizeof(mme_route_prefix::target) + sizeof(mme_route_prefix::port);
  mme_route_prefix key{};
  const size_t bytes = std::min<size_t>(literal.size(), MME_ROUTE_BYTES);
  key.prefix_bits = 8 * (kFixedBytes + static_cast<uint32_t>(bytes));
  key.target = target;
  key.port = port;
  std::copy_n(literal.begin(), bytes, key.path);
  return key;
}

}  // namespace

Result<> RouteMaps::set(uint16_t target, const std::vector<RoutePort>& ports) {
  const int fd = bpf_map__fd(literals_);
  Keys stale = std::exchange(written_[target], {});
  for (const RoutePort& port : ports) {
    for (const std::string& literal : port.literals) stale.erase(raw_bytes(prefix_key(target, port.port, literal)));
  }
  for (const std::string& key : stale) (void)bpf_map_delete_elem(fd, key.data());  // makes room for the new ones
  Keys& written = written_[target];
  Result<> done;
  for (const RoutePort& port : ports) {
    for (size_t i = 0; i < port.literals.size(); ++i) {
      const std::string& literal = port.literals[i];
      const mme_route_prefix key = prefix_key(target, port.port, literal);
      const mme_route_literal value{port.first_number + static_cast<uint32_t>(i), static_cast<uint16_t>(literal.size()),
                                    port.flags, 0};
      if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0) {
        done = fail_errno(std::string("write the BPF map ") + bpf_map__name(literals_), errno,
                          "it holds at most " + std::to_string(bpf_map__max_entries(literals_)) + " entries");
        continue;
      }
      written.insert(raw_bytes(key));
    }
  }
  if (written.empty()) written_.erase(target);
  return done;
}

Result<> RouteMaps::answer(const mme_route_class& kind, uint16_t route) {
  if (bpf_map_update_elem(bpf_map__fd(classes_), &kind, &route, BPF_ANY) == 0) return {};
  return fail_errno(std::string("write the BPF map ") + bpf_map__name(classes_), errno);
}

}  // namespace mme

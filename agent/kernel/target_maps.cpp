// SPDX-License-Identifier: Apache-2.0
#include "kernel/target_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "base/raw_bytes.h"

namespace mme {
namespace {

uint8_t server_role(TargetKind kind) {
  return kind == TargetKind::traefik ? MME_ROLE_ENTRYPOINT : MME_ROLE_MONGOD;
}

// Writes all of `entries` (key and value by bytes), then deletes every other key.
template <typename Key, typename Value>
Result<> replace(const bpf_map* map, const std::vector<std::pair<Key, Value>>& entries) {
  const int fd = bpf_map__fd(map);
  std::set<std::string> wanted;
  for (const auto& [key, value] : entries) {
    wanted.insert(raw_bytes(key));
    if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0) {
      return fail_errno(std::string("write the BPF map ") + bpf_map__name(map), errno,
                        "it holds at most " + std::to_string(bpf_map__max_entries(map)) + " entries");
    }
  }
  std::vector<Key> stale;
  Key key{};
  const void* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &key) == 0) {
    if (!wanted.contains(raw_bytes(key))) stale.push_back(key);
    previous = &key;
  }
  for (const Key& gone : stale) (void)bpf_map_delete_elem(fd, &gone);
  return {};
}

}  // namespace

TargetTables target_tables(const std::vector<ObservedTarget>& targets, bool shared_hooks) {
  TargetTables tables;
  tables.ports.shared = shared_hooks ? 1 : 0;
  for (const auto& [id, target] : targets) {
    for (const Listener& listener : target.listeners) {
      TargetTables::ListenerEntry entry;
      entry.key.cgroup_id = target.cgroup_id;
      entry.key.port = listener.port;
      entry.value.target = id;
      entry.value.role = server_role(target.kind);
      tables.listeners.push_back(entry);
      const uint64_t bit = uint64_t{1} << (listener.port % 64);
      tables.ports.listening[listener.port / 64] |= bit;
      if (entry.value.role == MME_ROLE_MONGOD) tables.ports.mongod[listener.port / 64] |= bit;
    }
    if (target.exclusive) {
      mme_cgroup cgroup{};
      cgroup.target = id;
      cgroup.exclusive = 1;
      cgroup.server_role = server_role(target.kind);
      cgroup.client_role = target.kind == TargetKind::traefik ? MME_ROLE_UPSTREAM : MME_ROLE_NONE;
      tables.cgroups[target.cgroup_id] = cgroup;
    }
    if (target.kind == TargetKind::traefik) tables.processes[static_cast<uint32_t>(target.pid)] = id;
  }
  return tables;
}

Result<> write_tables(const observer_bpf& skeleton, const TargetTables& tables) {
  const uint32_t zero = 0;
  if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.ports), &zero, &tables.ports, BPF_ANY) != 0) {
    return fail_errno("write the BPF map ports", errno);
  }
  std::vector<std::pair<mme_listener_key, mme_listener>> listeners;
  for (const auto& entry : tables.listeners) listeners.emplace_back(entry.key, entry.value);
  if (auto written = replace(skeleton.maps.listeners, listeners); !written) return written;
  const std::vector<std::pair<uint64_t, mme_cgroup>> cgroups(tables.cgroups.begin(), tables.cgroups.end());
  if (auto written = replace(skeleton.maps.cgroups, cgroups); !written) return written;
  const std::vector<std::pair<uint32_t, uint16_t>> processes(tables.processes.begin(), tables.processes.end());
  return replace(skeleton.maps.processes, processes);
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "discovery/target.h"
#include "kernel/events.h"
#include "kernel/route_maps.h"
#include "metrics/kernel_snapshot.h"

namespace mme {

struct ObserverSettings {
  std::vector<double> bounds_s;  // `le` bounds, ascending, at most MME_BOUNDS_MAX
  uint32_t series_per_family = 2000;
  uint32_t connections = 50000;  // tracked at most
};

// The BPF programs, their maps and their attachments. Not thread-safe: one owner calls it. Destruction detaches
// everything. Only agent/kernel includes libbpf.
class Observer {
 public:
  // Opens, verifies and loads the programs. The error names the failing step, errno and the mend.
  [[nodiscard]] static Result<std::unique_ptr<Observer>> load(const ObserverSettings& settings);
  ~Observer();

  // Observes this process from now on: attaches the hooks to its cgroup (once a cgroup) and tells the kernel its
  // ports. Called again with the same name: updates ports, pid, cgroup. On error nothing of this call is left.
  // `id` is the target's number in series keys, chosen by the caller, the same for the same Target::name.
  [[nodiscard]] Result<> observe(uint16_t id, const Target& target);

  // The process is gone: detaches where no observed process is left in the cgroup. Its series stay.
  void forget(const Target& target);

  // The hooks there are, and with the error those that are missing where a target could not be observed.
  [[nodiscard]] std::vector<Attachment> attachments() const;

  // What of observed targets is not seen, a line each.
  [[nodiscard]] std::vector<std::string> notes() const;

  // The rules of a target's ports, in place of those that it had.
  [[nodiscard]] Result<> set_routes(uint16_t id, const std::vector<RoutePort>& ports);
  // What holds for a class of requests from now on.
  [[nodiscard]] Result<> answer(const mme_route_class& kind, uint16_t route);
  // Hands over what the programs have asked and told since the last call, in order.
  void take_events(EventHandler& handler);
  // Waits until there may be something to take, `timeout` at most. Any thread may wait.
  void wait_for_events(std::chrono::milliseconds timeout) const;
  // See EventReader.
  [[nodiscard]] Result<> want_legs(bool wanted);
  [[nodiscard]] Result<uint64_t> legs_lost() const;
  [[nodiscard]] Result<> set_slow_from(std::optional<std::chrono::nanoseconds> duration);

  // Each open connection to a mongod.
  [[nodiscard]] Result<std::vector<mme_in_flight>> mongo_connections();

  // A name from the wire by its hash; nothing where the kernel had no room for it.
  [[nodiscard]] std::optional<std::string> wire_name(uint64_t hash) const;

  // O(series): no map is deleted from or reset.
  [[nodiscard]] Result<KernelSnapshot> read();
  // See MapReader.
  void retire(const std::vector<mme_series_key>& keys);
  [[nodiscard]] std::vector<mme_series_key> free_retired();

  // Bytes of all maps as configured, and as they would be with `possible_cpus`.
  [[nodiscard]] uint64_t map_bytes(int possible_cpus) const;
  // Beside them: bytes of the state of `connections` sockets.
  [[nodiscard]] uint64_t connection_bytes() const;

 private:
  struct Impl;
  explicit Observer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mme

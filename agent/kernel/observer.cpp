// SPDX-License-Identifier: Apache-2.0
#include "kernel/observer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "discovery/cgroup_tree.h"
#include "kernel/adopt.h"
#include "kernel/attachments.h"
#include "kernel/in_flight.h"
#include "kernel/map_reader.h"
#include "kernel/programs.h"
#include "kernel/target_maps.h"

namespace mme {

struct Observer::Impl {
  Impl(Programs loaded, MapReader opened, EventReader ring, std::string cgroup2)
      : programs(std::move(loaded)),
        reader(std::move(opened)),
        events(std::move(ring)),
        routes(programs.observer->maps.route_literals, programs.observer->maps.route_classes),
        in_flight(InFlightReader::load(programs.observer->maps.connections)),
        not_in_flight(in_flight ? "" : in_flight.error().message),
        attachments(programs),
        mount_point(std::move(cgroup2)) {}

  Programs programs;
  MapReader reader;
  EventReader events;
  RouteMaps routes;
  Result<InFlightReader> in_flight;  // all else does without
  std::string not_in_flight;         // why the latest read has no requests in flight
  Attachments attachments;
  std::string mount_point;
  std::map<std::string, ObservedTarget> observed;  // by Target::name
  struct Refused {
    Target target;
    std::string error;
  };
  std::map<std::string, Refused> refused;  // by Target::name: those that could not be observed

  std::map<std::string, std::string> unseen;  // by Target::name: why older connections are not observed

  Result<InFlightReader::Read> walk_connections() {
    auto read = in_flight.and_then([](const InFlightReader& connections) { return connections.read(); });
    not_in_flight = read ? "" : read.error().message;
    return read;
  }

  void read_in_flight(KernelSnapshot& snapshot) {
    auto read = walk_connections();
    if (!read) return;
    snapshot.in_flight = std::move(read->links);
    snapshot.mongo_connections = std::move(read->mongo);
    read_program("in_flight", in_flight->program(), snapshot);
  }

  void adopt(uint16_t id, const Target& target) {
    unseen.erase(target.name);
    if (target.kind != TargetKind::traefik || target.exclusive) return;
    const auto adopted = adopt_upstream_connections(programs.observer->maps.connections, id, target);
    if (!adopted) unseen[target.name] = adopted.error().message;
  }

  [[nodiscard]] std::vector<ObservedTarget> targets() const {
    std::vector<ObservedTarget> result;
    for (const auto& [name, target] : observed) result.push_back(target);
    return result;
  }

  // Whether some hook sits on a cgroup that is not one exclusive target's own.
  [[nodiscard]] bool shared_hooks() const {
    const auto cgroups = attachments.cgroups();
    return std::any_of(cgroups.begin(), cgroups.end(), [&](const std::string& cgroup) {
      return std::none_of(observed.begin(), observed.end(), [&](const auto& entry) {
        return entry.second.target.cgroup == cgroup && entry.second.target.exclusive;
      });
    });
  }

  [[nodiscard]] Result<> write() { return write_tables(*programs.observer, target_tables(targets(), shared_hooks())); }

  void drop_unused() {
    std::map<std::string, uint64_t> cgroups;
    for (const auto& [name, target] : observed) cgroups[target.target.cgroup] = target.target.cgroup_id;
    attachments.keep_only(mount_point, cgroups);
  }
};

Observer::Observer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Observer::~Observer() = default;

Result<std::unique_ptr<Observer>> Observer::load(const ObserverSettings& settings) {
  const auto cgroups = CgroupTree::open("/proc");
  if (!cgroups) return tl::make_unexpected(cgroups.error());
  auto programs = load_programs(settings);
  if (!programs) return tl::make_unexpected(programs.error());
  auto reader = MapReader::open(*programs, settings.bounds_s);
  if (!reader) return tl::make_unexpected(reader.error());

  mme_mongo_error_key overflow{};
  overflow.code = MME_ERROR_CODE_OVERFLOW;
  const uint64_t zero = 0;
  if (bpf_map_update_elem(bpf_map__fd(programs->observer->maps.mongo_errors), &overflow, &zero, BPF_NOEXIST) != 0) {
    return fail_errno("write the BPF map mongo_errors", errno);
  }
  for (const uint8_t role : {MME_ROLE_ENTRYPOINT, MME_ROLE_UPSTREAM, MME_ROLE_MONGOD}) {
    mme_link_key rest{};
    rest.role = role;
    const mme_link nothing{};
    if (bpf_map_update_elem(bpf_map__fd(programs->lifecycle->maps.links), &rest, &nothing, BPF_NOEXIST) != 0) {
      return fail_errno("write the BPF map links", errno);
    }
  }
  const auto& maps = programs->observer->maps;
  auto events =
      EventReader::open({maps.events, maps.legs, maps.legs_wanted, maps.legs_lost, maps.commands, maps.slow_from_ns});
  if (!events) return tl::make_unexpected(events.error());
  auto impl =
      std::make_unique<Impl>(std::move(*programs), std::move(*reader), std::move(*events), cgroups->mount_point());
  return std::unique_ptr<Observer>(new Observer(std::move(impl)));
}

Result<> Observer::observe(uint16_t id, const Target& target) {
  Impl& impl = *impl_;
  std::optional<ObservedTarget> before;
  if (const auto old = impl.observed.find(target.name); old != impl.observed.end()) before = old->second;

  impl.observed[target.name] = {id, target};
  // The kernel knows the ports before the first packet reaches a hook.
  auto done = impl.write();
  if (done) done = impl.attachments.cover(impl.mount_point, target.cgroup, target.cgroup_id);
  if (done) done = impl.write();  // whether hooks are shared is known now
  if (done) {
    impl.refused.erase(target.name);
    impl.drop_unused();
    if (!before || before->target.pid != target.pid) impl.adopt(id, target);
    return {};
  }
  impl.refused[target.name] = {target, done.error().message};
  if (before)
    impl.observed[target.name] = *before;
  else
    impl.observed.erase(target.name);
  impl.drop_unused();
  (void)impl.write();
  return done;
}

void Observer::forget(const Target& target) {
  Impl& impl = *impl_;
  if (const auto found = impl.refused.find(target.name);
      found != impl.refused.end() && found->second.target.pid == target.pid) {
    impl.refused.erase(found);
  }
  const auto found = impl.observed.find(target.name);
  if (found == impl.observed.end() || found->second.target.pid != target.pid) return;  // its successor is observed
  impl.observed.erase(found);
  impl.unseen.erase(target.name);
  impl.drop_unused();
  (void)impl.write();
}

std::vector<std::string> Observer::notes() const {
  std::vector<std::string> notes;
  for (const auto& [name, why] : impl_->unseen) {
    std::string note = name;
    note += ": connections to servers that it opened before the agent came are not observed: ";
    notes.push_back(note += why);
  }
  if (!impl_->not_in_flight.empty()) notes.push_back("requests in flight are not counted: " + impl_->not_in_flight);
  return notes;
}

std::vector<Attachment> Observer::attachments() const {
  std::map<std::string, std::string> names;
  for (const auto& [name, target] : impl_->observed) names.emplace(target.target.cgroup, name);
  std::vector<Attachment> all = impl_->attachments.list(names);
  for (const auto& [name, refused] : impl_->refused) {
    const auto missing = impl_->attachments.missing(name, refused.target.cgroup, refused.error);
    all.insert(all.end(), missing.begin(), missing.end());
  }
  return all;
}

Result<> Observer::set_routes(uint16_t id, const std::vector<RoutePort>& ports) {
  return impl_->routes.set(id, ports);
}

Result<> Observer::answer(const mme_route_class& kind, uint16_t route) {
  return impl_->routes.answer(kind, route);
}

void Observer::take_events(EventHandler& handler) {
  impl_->events.take(handler);
}

void Observer::wait_for_events(std::chrono::milliseconds timeout) const {
  impl_->events.wait(timeout);
}

Result<> Observer::want_legs(bool wanted) {
  return impl_->events.want_legs(wanted);
}

Result<> Observer::set_slow_from(std::optional<std::chrono::nanoseconds> duration) {
  return impl_->events.set_slow_from(duration);
}

Result<uint64_t> Observer::legs_lost() const {
  return impl_->events.legs_lost();
}

Result<std::vector<mme_in_flight>> Observer::mongo_connections() {
  return impl_->walk_connections().map([](InFlightReader::Read&& read) { return std::move(read.mongo); });
}

std::optional<std::string> Observer::wire_name(uint64_t hash) const {
  mme_name name{};
  if (bpf_map_lookup_elem(bpf_map__fd(impl_->programs.observer->maps.names), &hash, &name) != 0) return std::nullopt;
  return std::string(name.text, std::min<size_t>(name.length, MME_NAME_BYTES));
}

Result<KernelSnapshot> Observer::read() {
  auto snapshot = impl_->reader.read(impl_->programs);
  if (snapshot) impl_->read_in_flight(*snapshot);
  return snapshot;
}

void Observer::retire(const std::vector<mme_series_key>& keys) {
  impl_->reader.retire(impl_->programs, keys);
}

std::vector<mme_series_key> Observer::free_retired() {
  return impl_->reader.free_retired(impl_->programs);
}

uint64_t Observer::map_bytes(int possible_cpus) const {
  const auto maps = mme::map_bytes(impl_->programs, possible_cpus);
  return std::accumulate(maps.begin(), maps.end(), uint64_t{0},
                         [](uint64_t sum, const auto& entry) { return sum + entry.second; });
}

uint64_t Observer::connection_bytes() const {
  return mme::connection_bytes(impl_->programs);
}

}  // namespace mme

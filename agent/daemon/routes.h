// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/events.h"
#include "kernel/route_maps.h"
#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/latency_count.h"
#include "traefik/route_classes.h"

namespace mme {

// Where requests go: what the programs ask and are told. Numbers each route that there ever was, and holds the
// exchanges that the agent itself had to decide. Pure bookkeeping; the caller acts on the kernel.
class Routes {
 public:
  // Exchanges of more than `series_max` series are counted as MME_ROUTE_OTHER, of more requests at once than kAskedMax
  // as MME_ROUTE_UNKNOWN.
  Routes(const std::vector<double>& bounds_s, uint32_t series_max);
  static constexpr size_t kAskedMax = 65536;

  // The rules of a target from now on; returns what the kernel is to know of them.
  [[nodiscard]] std::vector<RoutePort> set(uint16_t target, traefik::RouteClasses classes);

  void forget(uint16_t target);

  // Decides a question. Returns the route of its whole class; nothing where this says nothing of the next request.
  [[nodiscard]] std::optional<uint16_t> decide(const mme_route_question& question, std::string_view head);
  // Returns the route that was decided.
  uint16_t ended(const mme_route_exchange& exchange);

  // Adds what ended() has counted. A key that was shown once is shown for ever, up to `series_max` of them, the
  // kernel's before the agent's own; the rest goes where the kernel puts what finds no room, and to the overflow.
  void add_to(KernelSnapshot& snapshot);

  // By the numbers in series keys; never changes but by growing.
  [[nodiscard]] std::shared_ptr<const RouteTable> table() const { return table_; }

 private:
  struct Rules {
    traefik::RouteClasses classes;
    std::map<uint16_t, uint32_t> first_numbers;  // of literals, by port
  };
  using Request = std::pair<uint64_t, uint16_t>;  // cookie and ordinal
  using SeriesKey = std::array<uint64_t, sizeof(mme_series_key) / sizeof(uint64_t)>;
  struct Asked {
    uint16_t route = 0;
    uint64_t serial = 0;
  };

  [[nodiscard]] uint16_t number(const traefik::RouteName& name);
  [[nodiscard]] bool is_of_class(const Rules& rules, const mme_route_question& question, std::string_view path) const;
  void remember(Request request, uint16_t route);
  void forget(std::map<Request, Asked>::iterator asked);
  [[nodiscard]] RawSeries& series_of(const mme_series_key& key);
  [[nodiscard]] bool is_shown(const mme_series_key& key, uint64_t room);
  [[nodiscard]] mme_series_key place_of(const mme_series_key& key, uint64_t room);

  LatencyCount latency_count_;
  uint32_t series_max_;
  uint32_t next_literal_ = 1;
  std::map<uint16_t, Rules> rules_;  // by target
  std::map<traefik::RouteName, uint16_t> numbers_;
  std::shared_ptr<RouteTable> table_ = std::make_shared<RouteTable>(1);
  std::map<Request, Asked> asked_;
  std::map<uint64_t, Request> asked_order_;  // by serial
  uint64_t next_serial_ = 0;
  std::map<std::string, RawSeries> series_;  // by key
  std::vector<SeriesKey> shown_;             // of entrypoints, ascending, once there are own series
};

}  // namespace mme

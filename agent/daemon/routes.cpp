// SPDX-License-Identifier: Apache-2.0
#include "daemon/routes.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "base/raw_bytes.h"
#include "metrics/names.h"
#include "metrics/other_series.h"
#include "metrics/resolve.h"
#include "mme/route.h"
#include "traefik/request.h"

namespace mme {
namespace {

std::string text(const uint8_t* bytes, uint16_t length) {
  return {reinterpret_cast<const char*>(bytes), std::min<size_t>(length, MME_ROUTE_BYTES)};
}

// What the question itself says. A path that is longer than what is kept differs from every literal behind that.
traefik::RequestHead head_of(const mme_route_question& question, const std::string& path) {
  traefik::RequestHead head;
  head.method = method_name(question.method);
  head.target = path + std::string(question.path_bytes - path.size(), 'x');
  if (question.host_bytes != 0) head.headers.push_back({"Host", text(question.host, question.host_bytes)});
  head.headers_complete = false;
  return head;
}

RouteLabels labels_of(const traefik::RouteName& name) {
  RouteLabels labels;
  for (const traefik::RouterName& router : name.routers) labels.routers.push_back({router.router, router.service});
  labels.service = name.service;
  labels.direct = name.direct;
  labels.route = name.route;
  labels.services = name.services;
  return labels;
}

}  // namespace

Routes::Routes(const std::vector<double>& bounds_s, uint32_t series_max)
    : latency_count_(bounds_s), series_max_(series_max) {}

std::vector<RoutePort> Routes::set(uint16_t target, traefik::RouteClasses classes) {
  std::vector<RoutePort> ports;
  Rules rules{std::move(classes), {}};
  for (const traefik::PortClasses& port : rules.classes.ports()) {
    const int flags = (port.by_host ? MME_ROUTE_BY_HOST : 0) | (port.by_head ? MME_ROUTE_BY_HEAD : 0);
    ports.push_back({port.port, static_cast<uint8_t>(flags), next_literal_, port.literals});
    rules.first_numbers[port.port] = next_literal_;
    next_literal_ += static_cast<uint32_t>(port.literals.size());
  }
  rules_.insert_or_assign(target, std::move(rules));
  return ports;
}

void Routes::forget(uint16_t target) {
  rules_.erase(target);
}

std::optional<uint16_t> Routes::decide(const mme_route_question& question, std::string_view head) {
  const Request request{question.cookie, question.ordinal};
  const auto known = rules_.find(question.target);
  if (known == rules_.end()) {
    remember(request, MME_ROUTE_UNKNOWN);
    return std::nullopt;
  }
  const Rules& rules = known->second;
  const std::string path = text(question.path, question.path_bytes);
  auto seen = head.empty() ? head_of(question, path) : traefik::parse_request_head(head);
  if (!seen) {  // Go's server refuses it before any router sees it
    remember(request, number({}));
    return std::nullopt;
  }
  seen->client_ip = host_text(question.client);
  traefik::RouteClasses::Found found = rules.classes.find(question.port, *seen);
  const bool is_odd = (question.flags & MME_ROUTE_ODD) != 0;
  const bool is_partial = (question.flags & MME_ROUTE_LOST) != 0 || (head.empty() && (is_odd || !found.whole_class));
  if (is_partial) {
    found.name = {};
    found.name.routers = {{std::string(kUnknown), std::string(kUnknown)}};
  }
  const uint16_t route = number(found.name);
  remember(request, route);
  if (is_odd || !found.whole_class || !is_of_class(rules, question, path)) return std::nullopt;
  return route;
}

// Whether these rules would put the path where the kernel did: it may have been while they were written.
bool Routes::is_of_class(const Rules& rules, const mme_route_question& question, std::string_view path) const {
  const auto first = rules.first_numbers.find(question.port);
  if (first == rules.first_numbers.end()) return false;
  const auto place = rules.classes.class_of(question.port, path);
  const bool exact = place.exact && question.path_bytes == path.size();
  return question.kind.literal == first->second + place.literal && (question.kind.exact != 0) == exact;
}

uint16_t Routes::number(const traefik::RouteName& name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  if (table_->size() >= MME_ROUTE_OTHER) return MME_ROUTE_OTHER;
  const auto given = static_cast<uint16_t>(table_->size());
  table_->push_back(labels_of(name));
  numbers_.emplace(name, given);
  return given;
}

void Routes::remember(Request request, uint16_t route) {
  if (const auto before = asked_.find(request); before != asked_.end()) forget(before);
  asked_[request] = {route, next_serial_};
  asked_order_[next_serial_++] = request;
  if (asked_.size() > kAskedMax) forget(asked_.find(asked_order_.begin()->second));
}

void Routes::forget(std::map<Request, Asked>::iterator asked) {
  asked_order_.erase(asked->second.serial);
  asked_.erase(asked);
}

RawSeries& Routes::series_of(const mme_series_key& key) {
  auto known = series_.find(raw_bytes(key));
  if (known == series_.end()) {
    mme_series_key made = key;
    if (series_.size() >= series_max_) made.route = MME_ROUTE_OTHER;  // the other labels are of closed sets
    known = series_.try_emplace(raw_bytes(made)).first;
    known->second.key = made;
    known->second.latency = latency_count_.none();
  }
  return known->second;
}

uint16_t Routes::ended(const mme_route_exchange& exchange) {
  mme_series_key key = exchange.key;
  const auto asked = asked_.find({exchange.cookie, exchange.ordinal});
  key.route = asked == asked_.end() ? static_cast<uint16_t>(MME_ROUTE_UNKNOWN) : asked->second.route;
  if (asked != asked_.end()) forget(asked);
  RawSeries& series = series_of(key);
  latency_count_.count(exchange.duration_ns, series.latency);
  series.request_bytes += exchange.request_bytes;
  series.response_bytes += exchange.response_bytes;
  return key.route;
}

// Whether a series has a place of its own; one that comes while there is room has it from now on.
bool Routes::is_shown(const mme_series_key& key, uint64_t room) {
  const auto bytes = std::bit_cast<SeriesKey>(key);
  const auto at = std::lower_bound(shown_.begin(), shown_.end(), bytes);
  if (at != shown_.end() && *at == bytes) return true;
  if (shown_.size() >= room) return false;
  shown_.insert(at, bytes);
  return true;
}

// What found no room once never does, so nothing that is in another's counts leaves them.
mme_series_key Routes::place_of(const mme_series_key& key, uint64_t room) {
  if (key.other != 0 || is_shown(key, room)) return key;
  mme_series_key place = key;
  place.route = MME_ROUTE_OTHER;
  if (is_shown(place, series_max_)) return place;
  return other_series(key.family);
}

void Routes::add_to(KernelSnapshot& snapshot) {
  if (series_.empty()) return;  // the kernel keeps within the cap itself
  auto& all = snapshot.series;
  const auto has_place = [this](const RawSeries& series) {
    return series.key.family != MME_FAMILY_ENTRYPOINT || series.key.other != 0 || is_shown(series.key, series_max_);
  };
  const auto end = std::partition(all.begin(), all.end(), has_place);
  const std::vector<RawSeries> without_place(std::make_move_iterator(end), std::make_move_iterator(all.end()));
  all.erase(end, all.end());

  std::map<SeriesKey, size_t> known;  // index of the snapshot's series
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].key.family == MME_FAMILY_ENTRYPOINT) known[std::bit_cast<SeriesKey>(all[i].key)] = i;
  }
  uint64_t& overflow = snapshot.series_overflow[MME_FAMILY_ENTRYPOINT];
  const auto put = [&](const RawSeries& series, const mme_series_key& place) {
    const auto [at, is_new] = known.try_emplace(std::bit_cast<SeriesKey>(place), all.size());
    if (!is_new) {
      add(all[at->second], series);
      return;
    }
    all.push_back(series);
    all.back().key = place;
  };
  for (const RawSeries& series : without_place) {
    if (series.key.route != MME_ROUTE_OTHER) overflow += series.latency.count();  // else the kernel has counted it
    put(series, place_of(series.key, series_max_));
  }
  for (const auto& [key, series] : series_) {
    const bool has_route = series.key.route != MME_ROUTE_NONE && series.key.route < MME_ROUTE_OTHER;
    // as in the kernel the last eighth is for series without a route
    const mme_series_key place = place_of(series.key, has_route ? series_max_ - series_max_ / 8 : series_max_);
    if (place.other != 0 || place.route == MME_ROUTE_OTHER) overflow += series.latency.count();
    put(series, place);
  }
  uint64_t& in_use = snapshot.series_in_use[MME_FAMILY_ENTRYPOINT];
  in_use = std::max<uint64_t>(in_use, shown_.size());
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/routes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "metrics/names.h"
#include "metrics/resolve.h"
#include "mme/histogram.h"
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

std::string client_text(const mme_route_question& question) {
  char buffer[INET6_ADDRSTRLEN] = "";
  in6_addr address{};
  std::memcpy(&address, question.client, sizeof address);
  if (IN6_IS_ADDR_V4MAPPED(&address) != 0) {
    inet_ntop(AF_INET, &address.s6_addr[12], buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, &address, buffer, sizeof buffer);
  }
  return buffer;
}

RouteLabels labels_of(const traefik::RouteName& name) {
  RouteLabels labels;
  for (const traefik::RouterName& router : name.routers) labels.routers.push_back({router.router, router.service});
  labels.service = name.service;
  labels.direct = name.direct;
  labels.route = name.route;
  return labels;
}

std::string bytes_of(const mme_series_key& key) {
  return {reinterpret_cast<const char*>(&key), sizeof key};
}

uint32_t bound_index(const std::vector<double>& bounds_s, uint64_t duration_ns) {
  const auto at = std::find_if(bounds_s.begin(), bounds_s.end(), [&](double bound) {
    return duration_ns <= static_cast<uint64_t>(std::llround(bound * 1e9));
  });
  return static_cast<uint32_t>(at - bounds_s.begin());
}

}  // namespace

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

std::optional<mme_route_answer> Routes::decide(const mme_route_question& question, std::string_view head) {
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
  seen->client_ip = client_text(question);
  traefik::RouteClasses::Found found = rules.classes.find(question.port, *seen);
  if (head.empty() && !found.whole_class) found.name.routers = {{std::string(kUnknown), std::string(kUnknown)}};
  const uint16_t route = number(found.name);
  remember(request, route);
  if ((question.flags & MME_ROUTE_ODD) != 0 || !is_of_class(rules, question, path)) return std::nullopt;
  if (found.whole_class) return mme_route_answer{route, 0};
  return mme_route_answer{MME_ROUTE_NONE, 1};
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
  auto known = series_.find(bytes_of(key));
  if (known == series_.end()) {
    mme_series_key made = key;
    if (series_.size() >= series_max_) made.route = MME_ROUTE_OTHER;  // the other labels are of closed sets
    known = series_.try_emplace(bytes_of(made)).first;
    known->second.key = made;
    known->second.latency.bounds.resize(bounds_s_.size() + 1);
  }
  return known->second;
}

void Routes::ended(const mme_route_exchange& exchange) {
  mme_series_key key = exchange.key;
  const auto asked = asked_.find({exchange.cookie, exchange.ordinal});
  key.route = asked == asked_.end() ? static_cast<uint16_t>(MME_ROUTE_UNKNOWN) : asked->second.route;
  if (asked != asked_.end()) forget(asked);
  RawSeries& series = series_of(key);
  Latency& latency = series.latency;
  latency.bounds[bound_index(bounds_s_, exchange.duration_ns)]++;
  const uint32_t index = mme_bucket_index(exchange.duration_ns);
  const auto bucket = std::lower_bound(latency.buckets.begin(), latency.buckets.end(), index,
                                       [](const Latency::Bucket& one, uint32_t at) { return one.index < at; });
  if (bucket != latency.buckets.end() && bucket->index == index) {
    bucket->count++;
  } else {
    latency.buckets.insert(bucket, {index, 1});
  }
  latency.sum_ns += exchange.duration_ns;
  series.request_bytes += exchange.request_bytes;
  series.response_bytes += exchange.response_bytes;
}

// Where the family is full, what the kernel has no series for goes where the kernel puts it.
void Routes::add_to(KernelSnapshot& snapshot) const {
  if (series_.empty()) return;
  std::map<std::string, size_t> known;  // index of the snapshot's series
  for (size_t i = 0; i < snapshot.series.size(); ++i) known[bytes_of(snapshot.series[i].key)] = i;
  const uint64_t used = snapshot.series_in_use[MME_FAMILY_ENTRYPOINT];
  uint64_t room = used < series_max_ ? series_max_ - used : 0;
  for (const auto& [key, series] : series_) {
    mme_series_key place = series.key;
    if (room == 0 && !known.contains(key)) place.route = MME_ROUTE_OTHER;
    if (room == 0 && !known.contains(bytes_of(place))) {
      place = {};
      place.family = series.key.family;
      place.other = 1;
    }
    const auto [at, is_new] = known.try_emplace(bytes_of(place), snapshot.series.size());
    if (!is_new) {
      add(snapshot.series[at->second], series);
      continue;
    }
    snapshot.series.push_back(series);
    snapshot.series.back().key = place;
    if (room > 0) --room;
  }
}

}  // namespace mme

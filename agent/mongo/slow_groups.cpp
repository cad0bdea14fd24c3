// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

namespace mme::mongo {
namespace {

using Durations = std::vector<std::chrono::nanoseconds>;

constexpr std::pair<std::string_view, SlowGrouping> kGroupings[] = {{"shape", SlowGrouping::shape},
                                                                    {"namespace", SlowGrouping::name_space},
                                                                    {"app", SlowGrouping::application},
                                                                    {"command", SlowGrouping::command}};

// The duration of rank ceil(percent / 100 * count) of sorted ones.
std::chrono::nanoseconds percentile(const Durations& sorted, size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

std::optional<SlowGrouping> parse_slow_grouping(std::string_view text) {
  for (const auto& [name, grouping] : kGroupings) {
    if (name == text) return grouping;
  }
  return std::nullopt;
}

void SlowGroups::add(const SlowCommand& command) {
  if (command.replication && grouping_ != SlowGrouping::application) return;
  Key key;
  switch (grouping_) {
    case SlowGrouping::shape:
      key = {command.command, namespace_of(command), {}, command.fingerprint};
      break;
    case SlowGrouping::name_space:
      std::get<1>(key) = namespace_of(command);
      break;
    case SlowGrouping::application:
      std::get<2>(key) = command.application;
      break;
    case SlowGrouping::command:
      std::get<0>(key) = command.command;
      break;
  }
  Members& members = groups_[key];
  if (grouping_ == SlowGrouping::shape && members.shape.empty()) {
    members.shape = command.fingerprint ? command.shape : kShapeNotSeen;
  }
  members.durations.push_back(command.duration);
}

std::vector<SlowGroup> SlowGroups::by_total() const {
  std::vector<SlowGroup> groups;
  for (const auto& [key, members] : groups_) {
    Durations sorted = members.durations;
    std::sort(sorted.begin(), sorted.end());
    SlowGroup group;
    std::tie(group.command, group.name_space, group.application, group.fingerprint) = key;
    group.shape = members.shape;
    group.count = sorted.size();
    group.p50 = percentile(sorted, 50);
    group.p95 = percentile(sorted, 95);
    group.max = sorted.back();
    group.total = std::accumulate(sorted.begin(), sorted.end(), std::chrono::nanoseconds{0});
    groups.push_back(std::move(group));
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const SlowGroup& a, const SlowGroup& b) { return a.total > b.total; });
  return groups;
}

std::string to_json(const std::vector<SlowGroup>& groups, SlowGrouping grouping) {
  auto array = nlohmann::ordered_json::array();
  for (const SlowGroup& group : groups) {
    nlohmann::ordered_json one = {{"count", group.count},
                                  {"p50_ms", milliseconds(group.p50)},
                                  {"p95_ms", milliseconds(group.p95)},
                                  {"max_ms", milliseconds(group.max)},
                                  {"total_ms", milliseconds(group.total)}};
    const bool shape = grouping == SlowGrouping::shape;
    if (shape || grouping == SlowGrouping::command) one["command"] = group.command;
    if (shape || grouping == SlowGrouping::name_space) one["namespace"] = group.name_space;
    if (grouping == SlowGrouping::application) one["application"] = group.application;
    if (group.fingerprint) {
      one["fingerprint"] = fmt::format("{:016x}", *group.fingerprint);
      one["shape"] = group.shape;
    }
    array.push_back(std::move(one));
  }
  return array.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mme::mongo

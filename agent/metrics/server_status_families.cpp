// SPDX-License-Identifier: Apache-2.0
#include "metrics/server_status_families.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace mme {
namespace {

struct Family {
  std::string_view help;
  bool counter = false;
  std::map<std::string, double> samples;  // by label pairs
};

using Families = std::map<std::string_view, Family>;

std::string sorted_pairs(std::vector<Label> labels) {
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  return label_pairs(labels);
}

void add(Families& families, const MongodStatus& mongod, const Label* target) {
  for (const StatusSample& sample : mongod.samples) {
    std::vector<Label> labels;
    for (const auto& [name, value] : sample.labels) labels.push_back({name, value});
    if (target != nullptr) labels.push_back(*target);
    Family& family = families.try_emplace(sample.family, Family{sample.help, sample.counter, {}}).first->second;
    family.samples.emplace(sorted_pairs(std::move(labels)), sample.value);
  }
}

}  // namespace

void server_status_families(const std::vector<MongodStatus>& mongods, TextWriter& out) {
  Families families;
  std::map<std::string, double> up;
  for (const MongodStatus& mongod : mongods) {
    const Label target{"target", mongod.target};
    const Label* shown = mongods.size() > 1 ? &target : nullptr;
    std::vector<Label> labels = {{"cluster_role", mongod.cluster_role}};
    if (shown != nullptr) labels.push_back(target);
    up.emplace(sorted_pairs(std::move(labels)), mongod.up ? 1 : 0);
    add(families, mongod, shown);
  }
  out.family("mongodb_up", "1: mongod answered serverStatus; 0: it could not be asked.", MetricType::gauge);
  for (const auto& [labels, value] : up) out.sample(labels, value);
  for (const auto& [name, family] : families) {
    out.family(std::string(name), std::string(family.help), family.counter ? MetricType::counter : MetricType::untyped);
    for (const auto& [labels, value] : family.samples) out.sample(labels, value);
  }
}

}  // namespace mme

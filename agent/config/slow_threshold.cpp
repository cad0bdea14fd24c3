// SPDX-License-Identifier: Apache-2.0
#include "config/slow_threshold.h"

#include <algorithm>
#include <string>

namespace mme {

std::chrono::nanoseconds threshold_of(const SlowConfig& config, std::string_view command, std::string_view database,
                                      std::string_view collection) {
  const auto of_collection = std::string(database).append(".").append(collection);
  const auto of_both = std::string(of_collection).append(":").append(command);
  const auto of_command = std::string(kOverrideOfCommand).append(command);
  for (const std::string_view name :
       {std::string_view(of_both), std::string_view(of_collection), std::string_view(of_command), database}) {
    const auto found = config.overrides.find(name);
    if (found != config.overrides.end()) return found->second;
  }
  return config.threshold;
}

std::chrono::nanoseconds least_threshold(const SlowConfig& config) {
  auto least = config.threshold;
  for (const auto& [name, threshold] : config.overrides) least = std::min(least, threshold);
  return least;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "mongo/slow_command.h"

namespace mme::mongo {

enum class SlowGrouping : uint8_t { shape, name_space, application, command };

// "shape", "namespace", "app", "command": exactly these, else nothing.
[[nodiscard]] std::optional<SlowGrouping> parse_slow_grouping(std::string_view text);

inline constexpr const char* kShapeNotSeen = "(shape not seen)";

// Commands that are alike. Percentiles are those of all durations, by rank: no estimate.
struct SlowGroup {
  std::string command;      // of shape and command
  std::string name_space;   // of shape and namespace: "mme.memories"
  std::string application;  // of app
  std::string shape;        // of shape; kShapeNotSeen for all of a command and namespace without one
  std::optional<uint64_t> fingerprint;
  size_t count = 0;
  std::chrono::nanoseconds p50{0};
  std::chrono::nanoseconds p95{0};
  std::chrono::nanoseconds max{0};
  std::chrono::nanoseconds total{0};
};

class SlowGroups {
 public:
  explicit SlowGroups(SlowGrouping grouping) : grouping_(grouping) {}

  // Replication is in no group of clients: by application it has one of its own, else it is left out.
  void add(const SlowCommand& command);

  // Those that took the most time in all first.
  [[nodiscard]] std::vector<SlowGroup> by_total() const;

 private:
  struct Members {
    std::string shape;
    std::vector<std::chrono::nanoseconds> durations;
  };
  // Command, namespace, application, shape.
  using Key = std::tuple<std::string, std::string, std::string, std::optional<uint64_t>>;

  SlowGrouping grouping_;
  std::map<Key, Members> groups_;
};

// One JSON array with a newline; durations in milliseconds. Each group has the keys of its grouping, but no
// shape that was not seen.
[[nodiscard]] std::string to_json(const std::vector<SlowGroup>& groups, SlowGrouping grouping);

}  // namespace mme::mongo

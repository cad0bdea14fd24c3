// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mongo/line_reader.h"
#include "mongo/slow_command.h"

namespace mme::mongo {

// Which commands are meant. What is empty asks for nothing.
struct SlowFilter {
  std::string target = {};
  std::string database = {};
  std::string collection = {};
  std::string command = {};
  std::string application = {};
  std::optional<std::chrono::system_clock::time_point> since = {};
};
[[nodiscard]] bool matches(const SlowFilter& filter, const SlowCommand& command);

struct SlowLine {
  std::string text;  // as in the file
  SlowCommand command;
};

// Understands lines and keeps those that are meant.
class SlowLines {
 public:
  explicit SlowLines(SlowFilter filter) : filter_(std::move(filter)) {}

  // Nothing: not meant, empty or damaged.
  [[nodiscard]] std::optional<SlowLine> take(std::string_view line);

  [[nodiscard]] uint64_t damaged() const { return damaged_; }

 private:
  SlowFilter filter_;
  uint64_t damaged_ = 0;
};

// What SlowLog wrote: the file and those put aside from it, as they were when they were opened. A rotation meanwhile
// loses nothing.
class SlowFiles {
 public:
  // An error when there is none of them, and then `missing` is true, or when one cannot be read.
  [[nodiscard]] static Result<SlowFiles> open(const std::string& file, bool& missing);

  // The `count` newest that are meant, the newest last. Older files are not read where it needs none of them.
  // `growing`: the end of the newest file, if it is half a line, is left to who follows it.
  [[nodiscard]] std::vector<SlowLine> newest(SlowLines& lines, size_t count, bool growing);

  void each(SlowLines& lines, const std::function<void(const SlowCommand&)>& use);

  // The newest file, read as far as it was.
  [[nodiscard]] LineReader release_newest() && { return std::move(readers_.front()); }

 private:
  std::vector<LineReader> readers_;  // the newest first; at least one
};

// What is written from now on, over rotations.
class SlowFollower {
 public:
  // `current` is where to go on; none: with the file's beginning, once there is one.
  SlowFollower(std::string file, std::optional<LineReader> current)
      : file_(std::move(file)), current_(std::move(current)) {}

  // Each new line. Does not wait.
  void poll(const std::function<void(std::string_view)>& use);

 private:
  [[nodiscard]] std::optional<LineReader> successor() const;
  void drain(const std::function<void(std::string_view)>& use);

  std::string file_;
  std::optional<LineReader> current_;
};

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace mme::mongo {

inline constexpr uint64_t kSlowLogBytes = 10U << 20U;
inline constexpr uint32_t kSlowLogFiles = 3;
inline constexpr uint32_t kSlowLogFilesMax = 100;  // of slow.files

struct SlowLogSettings {
  std::string file;  // not empty
  uint64_t max_bytes = kSlowLogBytes;
  uint32_t files = kSlowLogFiles;  // old ones that are kept, 1 to kSlowLogFilesMax

  bool operator==(const SlowLogSettings&) const = default;
};

// "slow.jsonl", "slow.jsonl.1", …: the file itself for 0, and the older the higher the number.
[[nodiscard]] std::string rotated_name(const std::string& file, uint32_t index);

// Lines in a file that is bounded: before it would exceed max_bytes it becomes FILE.1, FILE.1 becomes FILE.2. Each line
// is written by one call and is in the file whole or not at all. Of spdlog's rotating sink this differs in that: on a
// full disk the sink leaves halves of lines, it sleeps while it cannot open, and after that is not to be used again.
//
// The file has mode 0640, less the umask; its directory is made (0750) if only the last part of it is missing. A file
// that somebody else moves away is made anew. Old ones above `files`, of a setting before, are removed at once and with
// each rotation. For one thread, and one writer a file. Throws nothing.
class SlowLog {
 public:
  explicit SlowLog(SlowLogSettings settings) : settings_(std::move(settings)) { remove_surplus(); }

  // `line` has no newline. An error: this line is lost; the next call tries again.
  [[nodiscard]] Result<> append(std::string_view line);

  // For a reload: other settings from the next line on.
  void change(SlowLogSettings settings);

  // Why the last line was lost; empty: it was not.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  [[nodiscard]] Result<> write(std::string_view line);
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> rotate() const;
  void remove_surplus() const;
  [[nodiscard]] bool is_still_there() const;

  SlowLogSettings settings_;
  UniqueFd fd_;             // none: opened with the next line
  bool half_line_ = false;  // the file ends within a line, of a process that died
  std::string problem_;
};

}  // namespace mme::mongo

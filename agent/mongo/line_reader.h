// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace mme::mongo {

// A longer line is given in pieces, which are then no lines.
inline constexpr size_t kLineBytesMax = 16U << 20U;

// The lines of a file that may grow meanwhile, from its beginning. A file that became shorter is read from its
// beginning again.
class LineReader {
 public:
  explicit LineReader(UniqueFd fd) : fd_(std::move(fd)) {}

  // Without its newline, until the next call; nothing at the file's end, where a later call asks for more again.
  [[nodiscard]] std::optional<std::string_view> next();

  // What stands behind the last newline, once next() gave nothing: half a line, or one that is being written.
  [[nodiscard]] std::string_view unfinished() const { return std::string_view(buffer_).substr(used_); }

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  [[nodiscard]] bool read_more();

  UniqueFd fd_;
  off_t offset_ = 0;  // of the buffer's end
  std::string buffer_;
  size_t used_ = 0;  // of the buffer, given away
  bool at_end_ = false;
};

// A regular file. `missing` is true with an error that means only that there is none.
[[nodiscard]] Result<LineReader> open_lines(const std::string& file, bool& missing);

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "mongo/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mme::mongo {
namespace {

constexpr size_t kReadBytes = 64U << 10U;

}  // namespace

std::optional<std::string_view> LineReader::next() {
  if (at_end_) {
    // Its writer may have taken half a line back, so it is read again.
    offset_ -= static_cast<off_t>(buffer_.size() - used_);
    buffer_.clear();
    used_ = 0;
    at_end_ = false;
  }
  size_t searched = used_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    const bool whole = end != std::string::npos;
    if (whole || buffer_.size() - used_ >= kLineBytesMax) {
      const size_t length = (whole ? end : buffer_.size()) - used_;
      const std::string_view line(buffer_.data() + used_, length);
      used_ += length + (whole ? 1 : 0);
      return line;
    }
    buffer_.erase(0, used_);
    used_ = 0;
    searched = buffer_.size();
    if (!read_more()) {
      at_end_ = true;
      return std::nullopt;
    }
  }
}

bool LineReader::read_more() {
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  ssize_t count = 0;
  do {
    count = ::pread(fd_.get(), buffer_.data() + before, kReadBytes, offset_);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  offset_ += std::max<ssize_t>(count, 0);
  if (count > 0) return true;
  struct stat status {};
  const bool known = ::fstat(fd_.get(), &status) == 0;
  // Shorter than the lines that were read: somebody emptied it.
  if (known && status.st_size < offset_ - static_cast<off_t>(before)) {
    buffer_.clear();
    offset_ = 0;
    return status.st_size > 0 && read_more();
  }
  return false;
}

Result<LineReader> open_lines(const std::string& file, bool& missing) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  missing = !fd.valid() && errno == ENOENT;
  if (!fd.valid()) {
    const bool denied = errno == EACCES;
    return fail_errno("cannot open " + file, errno, denied ? "only the agent's user and group and root may" : "");
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot read " + file, errno);
  if (!S_ISREG(status.st_mode)) return fail(file + " is not a regular file; name the file of slow.file");
  return LineReader(std::move(fd));
}

}  // namespace mme::mongo

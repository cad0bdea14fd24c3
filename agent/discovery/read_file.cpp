// SPDX-License-Identifier: Apache-2.0
#include "discovery/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace mme {

tl::expected<std::string, int> read_file(int directory_fd, const char* path) {
  const UniqueFd fd(::openat(directory_fd, path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return tl::make_unexpected(errno);
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size == 0) return text;
    if (size > 0) {
      text.append(buffer.data(), static_cast<size_t>(size));
    } else if (errno != EINTR) {
      return tl::make_unexpected(errno);
    }
  }
}

tl::expected<std::string, int> read_file(const std::string& path) {
  return read_file(AT_FDCWD, path.c_str());
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"
#include "config/config.h"

namespace mme {

Result<std::string> read_whole_file(const std::string& path) {
  // O_NONBLOCK: a FIFO without a writer must not hang the start.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return fail_errno("cannot be opened", errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot be read", errno);
  if (S_ISDIR(status.st_mode)) return fail_errno("cannot be read", EISDIR);
  if (!S_ISREG(status.st_mode)) return fail("is not a regular file");

  std::string text(kConfigBytesMax + 1, '\0');
  size_t used = 0;
  while (used < text.size()) {
    const ssize_t bytes = ::read(fd.get(), text.data() + used, text.size() - used);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return fail_errno("cannot be read", errno);
    if (bytes == 0) break;
    used += static_cast<size_t>(bytes);
  }
  text.resize(used);
  return text;  // one byte too many is for the reader to refuse
}

tl::expected<Config, ConfigErrors> load_config(const std::string& path) {
  const auto text = read_whole_file(path);
  if (!text) return tl::make_unexpected(ConfigErrors{{path, 0, 0, {}, text.error().message, {}}});
  return parse_config(*text, path);
}

}  // namespace mme

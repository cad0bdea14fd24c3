// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace mme {

// What the file holds, or errno. `directory_fd` as for openat(2): AT_FDCWD or a directory.
[[nodiscard]] tl::expected<std::string, int> read_file(int directory_fd, const char* path);
[[nodiscard]] tl::expected<std::string, int> read_file(const std::string& path);

}  // namespace mme

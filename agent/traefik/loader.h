// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/unique_fd.h"
#include "traefik/model.h"
#include "traefik/static.h"

namespace mme::traefik {

inline constexpr size_t kConfigurationBytesMax = 16 << 20;  // of one file, and of a directory's files together
inline constexpr size_t kConfigurationFilesMax = 4096;

// The files of a process as it sees them itself: its root and working directory, symbolic links inside its root.
// Reading never blocks and only ever reads regular files.
class ProcessFiles {
 public:
  [[nodiscard]] static tl::expected<ProcessFiles, std::string> open(pid_t pid, const std::string& proc = "/proc");

  // The text, or errno: ENOENT, EACCES, EFBIG…; EINVAL: no regular file. Relative paths begin at the working directory.
  [[nodiscard]] tl::expected<std::string, int> read(const std::string& path) const;
  // Names in a directory, sorted; those of directories end in a slash.
  [[nodiscard]] tl::expected<std::vector<std::string>, int> list(const std::string& path) const;
  // Says which file it is and when it last changed; another text means another content.
  [[nodiscard]] std::string stamp(const std::string& path) const;

 private:
  [[nodiscard]] UniqueFd open_at(const std::string& path, int flags) const;  // errno when not valid

  UniqueFd root_;
  UniqueFd cwd_;
  std::string cwd_path_;
};

// The static configuration of a running Traefik, from exactly the one place that Traefik took it from. The process is
// asked anew: a file that changed since it started is read as it is now.
[[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> load_static(pid_t pid, const std::string& proc = "/proc");

// A file or directory, in the process's own view, and its stamp from before it was read.
struct WatchedFile {
  std::string path;
  std::string stamp;

  bool operator==(const WatchedFile&) const = default;
};

// What the file provider reads, and what to watch. Traefik goes on with its last good configuration when a file is
// wrong; so should the caller.
struct LoadedFiles {
  tl::expected<Configuration, Diagnostics> configuration;
  std::vector<WatchedFile> files;
};
[[nodiscard]] LoadedFiles load_files(const FileProvider& provider, const ProcessFiles& files);

}  // namespace mme::traefik

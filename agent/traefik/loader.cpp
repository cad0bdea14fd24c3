// SPDX-License-Identifier: Apache-2.0
#include "traefik/loader.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "traefik/ascii.h"
#include "traefik/dynamic.h"

namespace mme::traefik {
namespace {

constexpr size_t kDirectoryDepthMax = 32;

// At most kConfigurationBytesMax; errno otherwise.
tl::expected<std::string, int> read_all(int fd) {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size == 0) return text;
    if (size < 0) {
      if (errno == EINTR) continue;
      return tl::make_unexpected(errno);
    }
    text.append(buffer.data(), static_cast<size_t>(size));
    if (text.size() > kConfigurationBytesMax) return tl::make_unexpected(EFBIG);
  }
}

tl::expected<std::string, int> read_proc(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return tl::make_unexpected(errno);
  return read_all(fd.get());
}

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\0'), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string in_words(int error_number) {
  return fail_errno("read", error_number).value().message;
}

Diagnostic unreadable(Source source, int error_number) {
  return {std::move(source), in_words(error_number)};
}

// What Traefik was told to read and is not there, where it took `path` instead; empty: nothing to say.
std::string without_given(const StaticPlaces& places, const std::string& path) {
  if (places.given.empty() || path == places.given) return {};
  return fmt::format("{} is not there: if it was removed since Traefik started, Traefik runs with what it said",
                     places.given);
}

bool is_setting(const std::string& variable) {
  return variable.starts_with("TRAEFIK_");
}

tl::expected<StaticConfiguration, Diagnostics> noted(tl::expected<StaticConfiguration, Diagnostics> configuration,
                                                     const std::string& note) {
  if (configuration && !note.empty()) configuration->diagnostics.push_back({configuration->source, note});
  return configuration;
}

class DirectoryReader {
 public:
  explicit DirectoryReader(const ProcessFiles& files) : files_(files) {}

  void directory(const std::string& path, size_t depth) {
    visited.push_back({path, files_.stamp(path)});
    const auto names = files_.list(path);
    if (!names) return errors.push_back(unreadable({SourceKind::file, path, 0}, names.error()));
    if (depth > kDirectoryDepthMax) return errors.push_back({{SourceKind::file, path, 0}, "nested too deep"});
    for (const auto& name : *names) {
      const std::string below = fmt::format("{}/{}", path, name);
      if (name.ends_with('/')) {
        directory(below.substr(0, below.size() - 1), depth + 1);
      } else if (const auto format = format_of(name); format && !lower(name).ends_with(".json")) {
        file(below, *format);
      }
      if (!errors.empty()) return;  // Traefik stops at the first file that is wrong
    }
  }

  void file(const std::string& path, FileFormat format) {
    visited.push_back({path, files_.stamp(path)});
    const Source source{SourceKind::file, path, 0};
    if (visited.size() > kConfigurationFilesMax) return errors.push_back({source, "too many files"});
    const auto text = files_.read(path);
    if (!text) return errors.push_back(unreadable(source, text.error()));
    bytes_ += text->size();
    if (bytes_ > kConfigurationBytesMax) return errors.push_back(unreadable(source, EFBIG));
    auto parsed = parse_dynamic(*text, format, source);
    if (!parsed) {
      errors.insert(errors.end(), parsed.error().begin(), parsed.error().end());
      return;
    }
    add_missing(configuration, std::move(*parsed));
  }

  Configuration configuration;
  Diagnostics errors;
  std::vector<WatchedFile> visited;

 private:
  const ProcessFiles& files_;
  size_t bytes_ = 0;
};

}  // namespace

tl::expected<ProcessFiles, std::string> ProcessFiles::open(pid_t pid, const std::string& proc) {
  const std::string base = fmt::format("{}/{}", proc, pid);
  ProcessFiles files;
  files.root_.reset(::open((base + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!files.root_.valid()) {
    return tl::make_unexpected(
        fail_errno("open " + base + "/root", errno, "reading another user's process needs CAP_SYS_PTRACE")
            .value()
            .message);
  }
  files.cwd_.reset(::open((base + "/cwd").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::array<char, PATH_MAX> path;
  const ssize_t size = ::readlink((base + "/cwd").c_str(), path.data(), path.size());
  if (size > 0 && static_cast<size_t>(size) < path.size())
    files.cwd_path_.assign(path.data(), static_cast<size_t>(size));
  return files;
}

UniqueFd ProcessFiles::open_at(const std::string& path, int flags) const {
  // Absolute links inside a container must not lead into the agent's own root.
  const auto in_root = [&](int directory, const std::string& at) {
    open_how how{};
    how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT;
    return UniqueFd(static_cast<int>(::syscall(SYS_openat2, directory, at.c_str(), &how, sizeof how)));
  };
  if (path.starts_with('/')) return in_root(root_.get(), path);
  UniqueFd found = in_root(root_.get(), fmt::format("{}/{}", cwd_path_, path));
  if (found.valid() || errno != ENOENT || !cwd_.valid()) return found;
  // The link to the working directory may be written for another root than the process's.
  return in_root(cwd_.get(), path);
}

tl::expected<std::string, int> ProcessFiles::read(const std::string& path) const {
  const UniqueFd fd = open_at(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.valid()) return tl::make_unexpected(errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return tl::make_unexpected(errno);
  if (!S_ISREG(status.st_mode)) return tl::make_unexpected(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  return read_all(fd.get());
}

tl::expected<std::vector<std::string>, int> ProcessFiles::list(const std::string& path) const {
  UniqueFd fd = open_at(path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return tl::make_unexpected(errno);
  const int raw = ::dup(fd.get());
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(raw < 0 ? nullptr : ::fdopendir(raw), &::closedir);
  if (!directory) {
    const int error_number = errno;
    if (raw >= 0) ::close(raw);
    return tl::make_unexpected(error_number);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    // As os.ReadDir: a link to a directory is no directory.
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status {};
      is_directory = ::fstatat(fd.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    }
    names.push_back(fmt::format("{}{}", name, is_directory ? "/" : ""));
    if (names.size() > kConfigurationFilesMax) return tl::make_unexpected(EFBIG);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ProcessFiles::stamp(const std::string& path) const {
  const UniqueFd fd = open_at(path, O_PATH);
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return fmt::format("errno {}", errno);
  return fmt::format("{}:{} {} {}.{} {}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

tl::expected<StaticConfiguration, Diagnostics> load_static(pid_t pid, const std::string& proc) {
  const std::string base = fmt::format("{}/{}", proc, pid);
  const auto failed = [&](const std::string& place, std::string problem) {
    return tl::make_unexpected(Diagnostics{{{SourceKind::static_config, place, 0}, std::move(problem)}});
  };
  const auto command = read_proc(base + "/cmdline");
  if (!command) return failed(base + "/cmdline", in_words(command.error()));
  const auto environ = read_proc(base + "/environ");
  if (!environ) return failed(base + "/environ", in_words(environ.error()));
  std::vector<std::string> arguments = split_at_nul(*command);
  if (!arguments.empty()) arguments.erase(arguments.begin());
  const std::vector<std::string> environment = split_at_nul(*environ);

  const StaticPlaces places = static_places(arguments, environment);
  const auto files = ProcessFiles::open(pid, proc);
  if (!files) return failed(base + "/root", files.error());
  for (const auto& path : places.files) {
    const auto text = files->read(path);
    if (!text && text.error() == ENOENT) continue;
    if (!text) return failed(path, in_words(text.error()));
    const auto format = format_of(path);
    if (!format) return failed(path, "neither .toml nor .yaml nor .yml");
    return noted(parse_static_file(*text, *format, {SourceKind::static_config, path, 0}), without_given(places, path));
  }
  const bool bare = !places.arguments && std::none_of(environment.begin(), environment.end(), is_setting);
  const std::string note = bare ? "there is no static configuration, so Traefik's defaults are taken; one that was "
                                  "removed since it started is not known"
                                : without_given(places, "");
  if (places.arguments) {
    const Source source{SourceKind::static_config, fmt::format("arguments of {}", pid), 0};
    return noted(parse_static_arguments(arguments, source), note);
  }
  const Source source{SourceKind::static_config, fmt::format("environment of {}", pid), 0};
  return noted(parse_static_environment(environment, source), note);
}

LoadedFiles load_files(const FileProvider& provider, const ProcessFiles& files) {
  DirectoryReader reader(files);
  if (!provider.directory.empty()) {
    reader.directory(provider.directory, 0);
  } else if (const auto format = format_of(provider.filename)) {
    reader.file(provider.filename, *format);
  } else {
    reader.errors.push_back({{SourceKind::file, provider.filename, 0},
                             provider.filename.empty() ? "the file provider has neither filename nor directory"
                                                       : "neither .toml nor .yaml nor .yml"});
  }
  LoadedFiles loaded{std::move(reader.configuration), std::move(reader.visited)};
  if (!reader.errors.empty()) loaded.configuration = tl::make_unexpected(std::move(reader.errors));
  return loaded;
}

}  // namespace mme::traefik

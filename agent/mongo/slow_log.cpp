// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace mme::mongo {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;

std::string directory_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
}

std::string mend_of(int error_number, const std::string& file) {
  const std::string directory = directory_of(file);
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return "make the directory " + directory + ", or set slow.file to another";
    case EACCES:
    case EPERM:
      return "let the agent's user write to " + directory + ", or set slow.file to another";
    case EROFS:
      return "set slow.file to a directory that can be written; in the unit, ReadWritePaths= names it";
    case ENOSPC:
    case EDQUOT:
      return "make room on the file system of " + directory + ", or lower slow.max_size and slow.files";
    default:
      return {};
  }
}

tl::unexpected<Error> fail_with(const std::string& what, const std::string& file, int error_number) {
  return fail_errno(what + " " + file, error_number, mend_of(error_number, file));
}

UniqueFd open_for_appending(const std::string& file) {
  // Read as well, for the last byte. O_NONBLOCK: not to hang on a FIFO.
  return UniqueFd(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, kFileMode));
}

bool ends_within_line(int fd, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

std::string rotated_name(const std::string& file, uint32_t index) {
  return index == 0 ? file : file + "." + std::to_string(index);
}

Result<> SlowLog::append(std::string_view line) {
  Result<> written = write(line);
  if (!written) fd_.reset();
  problem_ = written ? std::string() : written.error().message;
  return written;
}

void SlowLog::change(SlowLogSettings settings) {
  if (settings.file != settings_.file) {
    fd_.reset();
    problem_.clear();
  }
  settings_ = std::move(settings);
  remove_surplus();
}

Result<> SlowLog::write(std::string_view line) {
  if (fd_.valid() && !is_still_there()) fd_.reset();
  if (!fd_.valid()) {
    if (auto opened = open(); !opened) return opened;
  }
  const auto size_of_file = [&] { return ::lseek(fd_.get(), 0, SEEK_END); };
  off_t size = size_of_file();
  if (size > 0 && static_cast<uint64_t>(size) + line.size() + 1 > settings_.max_bytes) {
    auto rotated = rotate().and_then([&] { return open(); });
    if (!rotated) return rotated;
    size = size_of_file();
  }
  if (size < 0) return fail_with("cannot read", settings_.file, errno);

  std::string bytes = half_line_ ? "\n" : "";
  bytes.append(line).push_back('\n');
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(fd_.get(), bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error_number = errno;
      // Half a line is worth nothing. Where this fails too, the file is seen to end within one when it is next opened.
      [[maybe_unused]] const int ignored = ::ftruncate(fd_.get(), size);
      return fail_with("cannot write to", settings_.file, error_number);
    }
    written += static_cast<size_t>(count);
  }
  half_line_ = false;
  return {};
}

Result<> SlowLog::open() {
  fd_ = open_for_appending(settings_.file);
  if (!fd_.valid() && errno == ENOENT) {
    const std::string directory = directory_of(settings_.file);
    if (::mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return fail_with("cannot make the directory of", settings_.file, errno);
    }
    fd_ = open_for_appending(settings_.file);
  }
  if (!fd_.valid()) return fail_with("cannot open", settings_.file, errno);
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return fail_with("cannot read", settings_.file, errno);
  if (!S_ISREG(status.st_mode)) {
    fd_.reset();
    return fail(settings_.file + " is not a regular file; set slow.file to another");
  }
  half_line_ = ends_within_line(fd_.get(), status.st_size);
  return {};
}

Result<> SlowLog::rotate() const {
  for (uint32_t index = settings_.files; index > 0; --index) {
    const std::string from = rotated_name(settings_.file, index - 1);
    const std::string to = rotated_name(settings_.file, index);
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
      return fail_with("cannot rename to " + to + ":", from, errno);
    }
  }
  remove_surplus();
  return {};
}

// What cannot be removed stays: no line is lost for it.
void SlowLog::remove_surplus() const {
  for (uint32_t index = settings_.files + 1; index <= kSlowLogFilesMax; ++index)
    ::unlink(rotated_name(settings_.file, index).c_str());
}

bool SlowLog::is_still_there() const {
  struct stat ours {};
  struct stat named {};
  return ::fstat(fd_.get(), &ours) == 0 && ::stat(settings_.file.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

}  // namespace mme::mongo

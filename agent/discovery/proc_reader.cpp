// SPDX-License-Identifier: Apache-2.0
#include "discovery/proc_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <memory>
#include <string_view>

#include "discovery/proc_parse.h"
#include "discovery/read_file.h"

namespace mme {
namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::string& path) {
  return {::opendir(path.c_str()), ::closedir};
}

int to_number(const char* name) {
  int value = 0;
  const char* end = name + std::strlen(name);
  const auto [at, error] = std::from_chars(name, end, value);
  return error == std::errc{} && at == end ? value : -1;
}

std::string path_of(pid_t pid, const char* file) {
  return std::to_string(pid) + "/" + file;
}

tl::expected<std::string, int> read_link(int at, const char* path) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlinkat(at, path, buffer.data(), buffer.size());
  if (size < 0) return tl::make_unexpected(errno);
  return std::string(buffer.data(), static_cast<size_t>(size));
}

}  // namespace

ProcReader::ProcReader(std::string root)
    : root_(std::move(root)), directory_(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  own_namespace_ = read_link(directory_.get(), "self") == std::to_string(::getpid());
}

tl::expected<std::string, int> ProcReader::read(const char* file) const {
  return read_file(directory_.get(), file);
}

tl::expected<uint64_t, int> ProcReader::inode(pid_t pid) const {
  struct stat status {};
  if (::fstatat(directory_.get(), std::to_string(pid).c_str(), &status, 0) != 0) return tl::make_unexpected(errno);
  return status.st_ino;
}

tl::expected<std::vector<ProcEntry>, int> ProcReader::list() const {
  const auto directory = open_directory(root_);
  if (!directory) return tl::make_unexpected(errno);
  std::vector<ProcEntry> entries;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const int pid = to_number(entry->d_name);
    if (pid > 0) entries.push_back({pid, entry->d_ino});
  }
  return entries;
}

tl::expected<std::string, int> ProcReader::read(pid_t pid, const char* file) const {
  return read_file(directory_.get(), path_of(pid, file).c_str());
}

tl::expected<std::string, int> ProcReader::link(pid_t pid, const char* file) const {
  return read_link(directory_.get(), path_of(pid, file).c_str());
}

tl::expected<std::map<uint64_t, int>, int> ProcReader::sockets(pid_t pid, std::set<uint64_t> wanted) const {
  const auto directory = open_directory(root_ + "/" + path_of(pid, "fd"));
  if (!directory) return tl::make_unexpected(errno);
  std::map<uint64_t, int> found;
  int denied = 0;
  while (const dirent* entry = wanted.empty() ? nullptr : ::readdir(directory.get())) {
    const int fd = to_number(entry->d_name);
    if (fd < 0) continue;
    const auto target = read_link(::dirfd(directory.get()), entry->d_name);
    if (!target && (target.error() == EACCES || target.error() == EPERM)) denied = target.error();
    const auto inode = target ? parse_socket_link(*target) : std::nullopt;
    if (inode && wanted.erase(*inode) > 0) found.emplace(*inode, fd);
  }
  if (denied != 0 && found.empty()) return tl::make_unexpected(denied);
  return found;
}

bool ProcReader::holds_socket(pid_t pid, int fd, uint64_t inode) const {
  const auto target = link(pid, ("fd/" + std::to_string(fd)).c_str());
  return target && parse_socket_link(*target) == inode;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "discovery/cgroup_tree.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <memory>

#include "discovery/cgroup_path.h"
#include "discovery/proc_parse.h"
#include "discovery/read_file.h"

namespace mme {
namespace {

// Calls visit(path, inode) for every directory below `path`, parents first, until it returns false.
bool walk(const std::string& mount_point, const std::string& path,
          const std::function<bool(const std::string&, uint64_t)>& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir((mount_point + path).c_str()), ::closedir);
  if (!directory) return true;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    const std::string child = (path == "/" ? "" : path) + "/" + std::string(name);
    if (!visit(child, entry->d_ino) || !walk(mount_point, child, visit)) return false;
  }
  return true;
}

void append_pids(std::string_view text, std::vector<pid_t>& pids) {
  while (!text.empty()) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{}) return;
    pids.push_back(pid);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
}

bool has_member(const std::string& directory, pid_t pid) {
  std::vector<pid_t> pids;
  append_pids(read_file(directory + "/cgroup.procs").value_or(""), pids);
  return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

// Where the mount shows more than the agent's cgroup namespace, only the kernel knows the names above the namespace's
// root: find the agent itself in the tree and go up as many levels as /proc/self/cgroup goes down.
std::string find_namespace_root(const std::string& mount_point, std::string_view own_path) {
  std::string own;
  walk(mount_point, "/", [&](const std::string& path, uint64_t) {
    if (has_member(mount_point + path, ::getpid())) own = path;
    return own.empty();
  });
  if (own_path != "/" && own.ends_with(own_path)) own.resize(own.size() - own_path.size());
  return own.empty() ? "/" : own;
}

}  // namespace

CgroupTree::CgroupTree(std::string mount_point, std::string mount_root, std::string namespace_root)
    : mount_point_(std::move(mount_point)),
      mount_root_(std::move(mount_root)),
      namespace_root_(std::move(namespace_root)) {}

Result<CgroupTree> CgroupTree::open(const std::string& proc_root) {
  const std::string file = proc_root + "/self/mountinfo";
  const auto text = read_file(file);
  if (!text) return fail_errno("read " + file, text.error());
  const auto mount = find_cgroup2(parse_mountinfo(*text));
  if (!mount) {
    return fail_errno("find a mount of cgroup v2 in " + file, ENOENT,
                      "mount it: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified");
  }
  std::string namespace_root = "/";
  if (levels_above(mount->root) > 0) {
    const auto own = parse_proc_cgroup(read_file(proc_root + "/self/cgroup").value_or(""));
    namespace_root = find_namespace_root(mount->mount_point, own.value_or("/"));
  }
  return CgroupTree(mount->mount_point, mount->root, std::move(namespace_root));
}

std::string CgroupTree::directory(std::string_view path) const {
  return path == "/" ? mount_point_ : mount_point_ + std::string(path);
}

Result<std::string> CgroupTree::resolve(std::string_view process_path) const {
  return path_below_mount(process_path, mount_root_, namespace_root_);
}

Result<uint64_t> CgroupTree::id(std::string_view path) const {
  struct stat status {};
  const std::string name = directory(path);
  if (::stat(name.c_str(), &status) != 0) return fail_errno("stat " + name, errno);
  return status.st_ino;
}

std::optional<std::string> CgroupTree::find(uint64_t wanted) const {
  if (id("/").value_or(0) == wanted) return "/";
  std::optional<std::string> found;
  walk(mount_point_, "/", [&](const std::string& path, uint64_t inode) {
    if (inode == wanted) found = path;
    return !found.has_value();
  });
  return found;
}

std::vector<pid_t> CgroupTree::members(std::string_view path, size_t limit) const {
  std::vector<pid_t> pids;
  append_pids(read_file(directory(path) + "/cgroup.procs").value_or(""), pids);
  struct stat status {};
  // A directory of two links has none below it.
  if (::stat(directory(path).c_str(), &status) == 0 && status.st_nlink == 2) {
    std::sort(pids.begin(), pids.end());
    return pids;
  }
  walk(mount_point_, std::string(path), [&](const std::string& child, uint64_t) {
    if (pids.size() < limit) append_pids(read_file(directory(child) + "/cgroup.procs").value_or(""), pids);
    return pids.size() < limit;
  });
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace mme

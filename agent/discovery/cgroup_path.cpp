// SPDX-License-Identifier: Apache-2.0
#include "discovery/cgroup_path.h"

#include <algorithm>

namespace mme {
namespace {

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t at = std::min(path.find('/'), path.size());
    if (at > 0) parts.push_back(path.substr(0, at));
    path.remove_prefix(std::min(at + 1, path.size()));
  }
  return parts;
}

std::string join(const std::vector<std::string_view>& parts) {
  std::string path;
  for (const auto part : parts) path.append("/").append(part);
  return path.empty() ? "/" : path;
}

tl::unexpected<Error> outside(std::string_view process_path) {
  return fail(
      "cgroup " + std::string(process_path) +
      " is outside the mounted cgroup v2 hierarchy (mount the host's /sys/fs/cgroup into the agent's container, "
      "or run it in the host's cgroup namespace)");
}

}  // namespace

std::optional<Mount> find_cgroup2(const std::vector<Mount>& mounts) {
  const Mount* best = nullptr;
  for (const auto& mount : mounts) {
    if (mount.fs_type != "cgroup2") continue;
    const auto rank = [](const Mount& m) { return std::pair(levels_above(m.root), -static_cast<long>(m.root.size())); };
    if (best == nullptr || rank(*best) < rank(mount)) best = &mount;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

size_t levels_above(std::string_view path) {
  size_t levels = 0;
  for (const auto part : components(path)) {
    if (part != "..") break;
    ++levels;
  }
  return levels;
}

Result<std::string> path_below_mount(std::string_view process_path, std::string_view mount_root,
                                     std::string_view namespace_root) {
  std::vector<std::string_view> base;
  if (levels_above(mount_root) > 0) {
    base = components(namespace_root);
    mount_root = "/";
  }
  for (const auto part : components(process_path)) {
    if (part != "..") {
      base.push_back(part);
    } else if (base.empty()) {
      return outside(process_path);
    } else {
      base.pop_back();
    }
  }
  const std::string path = join(base);
  if (!is_inside(path, mount_root)) return outside(process_path);
  if (mount_root == "/") return path;
  const std::string below = path.substr(mount_root.size());
  return below.empty() ? "/" : below;
}

std::string common_ancestor(std::string_view left, std::string_view right) {
  auto a = components(left);
  const auto b = components(right);
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  a.erase(end, a.end());
  return join(a);
}

bool is_inside(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return true;
  return path.starts_with(ancestor) && (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discovery/proc_parse.h"

// Paths of cgroup v2 as texts. Nothing here reads a file.
namespace mme {

// The cgroup2 mount that shows most of the hierarchy: the host's before a container's own.
[[nodiscard]] std::optional<Mount> find_cgroup2(const std::vector<Mount>& mounts);

// How many leading ".." a path of another cgroup namespace has: "/../../a" -> 2.
[[nodiscard]] size_t levels_above(std::string_view path);

// Path below the mount of the cgroup that /proc/PID/cgroup calls `process_path`. Both `process_path` and `mount_root`
// (mountinfo) are relative to the root of the reader's cgroup namespace (cgroup_namespaces(7)), and go above it with
// "/.."; `namespace_root` is that root's path below the mount, "/" outside containers, and is used only where
// `mount_root` begins with
// "/..". Fails where the cgroup lies outside of what is mounted.
[[nodiscard]] Result<std::string> path_below_mount(std::string_view process_path, std::string_view mount_root,
                                                   std::string_view namespace_root);

// "/a/b", "/a/c" -> "/a"
[[nodiscard]] std::string common_ancestor(std::string_view left, std::string_view right);

// Whether `path` is `ancestor` or below it.
[[nodiscard]] bool is_inside(std::string_view path, std::string_view ancestor);

}  // namespace mme

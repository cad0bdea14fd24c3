// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachments.h"

#include <fcntl.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "discovery/cgroup_path.h"
#include "kernel/host_probe.h"

namespace mme {
namespace {

// A flagless program keeps every other program out: "program 12 (name) on /a/b (cgroup_skb/ingress)"; empty: none
// found.
std::string culprit(const std::string& mount_point, const std::string& cgroup) {
  constexpr uint32_t kAllowFlags = BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI;
  std::string path = cgroup;
  while (true) {
    const auto hooks = query_hooks(mount_point, path);
    for (const HookState& hook : hooks ? *hooks : std::vector<HookState>{}) {
      if (hook.programs.empty() || (hook.attach_flags & kAllowFlags) != 0) continue;
      const HookState::Program& program = hook.programs.front();
      return "program " + std::to_string(program.id) + (program.name.empty() ? "" : " (" + program.name + ")") +
             " on " + path + " (" + hook.hook + ")";
    }
    if (path == "/" || path.empty()) return {};
    const size_t slash = path.find_last_of('/');
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
}

std::string mend_of_attach(int error_number, const std::string& mount_point, const std::string& cgroup) {
  switch (error_number) {
    case EPERM: {
      const std::string foreign = culprit(mount_point, cgroup);
      if (!foreign.empty())
        return "kept out by " + foreign +
               ", which was attached without BPF_F_ALLOW_MULTI; ask its owner to attach it with that flag";
      return "needs CAP_NET_ADMIN and CAP_BPF";
    }
    case E2BIG:
      return "64 programs are attached to this hook already; see `mme-agent doctor`";
    case EBADF:
      return "not a cgroup v2 directory";
    case ENOENT:
      return "the cgroup is gone, or something is mounted over " + mount_point;
    default:
      return "see `mme-agent doctor`";
  }
}

}  // namespace

Result<Attachments::Attached> Attachments::attach(const std::string& mount_point, const std::string& cgroup) {
  const std::string directory = mount_point + (cgroup == "/" ? "" : cgroup);
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("open the cgroup " + directory, errno, mend_of_attach(errno, mount_point, cgroup));
  Attached attached;
  for (const HookProgram& hook : hooks_) {
    Link link(bpf_program__attach_cgroup(hook.program, fd.get()));
    if (!link) {
      const int error_number = errno;
      return fail_errno(std::string("attach ") + hook.hook + " to " + cgroup, error_number,
                        mend_of_attach(error_number, mount_point, cgroup));
    }
    attached.links.push_back(std::move(link));
  }
  return attached;
}

bool Attachments::covered(const std::string& cgroup) const {
  return std::any_of(by_cgroup_.begin(), by_cgroup_.end(),
                     [&](const auto& entry) { return is_inside(cgroup, entry.first); });
}

Result<> Attachments::cover(const std::string& mount_point, const std::string& cgroup, uint64_t cgroup_id) {
  // A removed cgroup's link stays behind and sees nothing: the same path with another id is a new cgroup.
  if (const auto old = by_cgroup_.find(cgroup); old != by_cgroup_.end() && old->second.cgroup_id != cgroup_id) {
    by_cgroup_.erase(old);
  }
  if (covered(cgroup)) return {};
  auto attached = attach(mount_point, cgroup);
  if (!attached) return tl::make_unexpected(attached.error());
  attached->cgroup_id = cgroup_id;
  // What was attached below is covered now. For a moment both see each packet; the second sight is a duplicate.
  std::erase_if(by_cgroup_, [&](const auto& entry) { return is_inside(entry.first, cgroup); });
  by_cgroup_[cgroup] = std::move(*attached);
  return {};
}

void Attachments::keep_only(const std::string& mount_point, const std::map<std::string, uint64_t>& cgroups) {
  std::vector<std::string> unused;
  for (const auto& [path, attached] : by_cgroup_) {
    if (!cgroups.contains(path)) unused.push_back(path);
  }
  for (const std::string& path : unused) {
    std::map<std::string, Attached> inner;
    bool failed = false;
    for (const auto& [cgroup, id] : cgroups) {  // those above come before those below
      const auto above = [&cgroup = cgroup](const auto& entry) { return is_inside(cgroup, entry.first); };
      if (!is_inside(cgroup, path) || std::any_of(inner.begin(), inner.end(), above)) continue;
      auto attached = attach(mount_point, cgroup);
      failed = failed || !attached;
      if (!attached) break;
      attached->cgroup_id = id;
      inner[cgroup] = std::move(*attached);
    }
    if (failed) continue;  // the wider hooks go on
    by_cgroup_.merge(inner);
    by_cgroup_.erase(path);
  }
}

bool Attachments::attached_to(const std::string& cgroup, uint64_t cgroup_id) const {
  const auto found = by_cgroup_.find(cgroup);
  return found != by_cgroup_.end() && found->second.cgroup_id == cgroup_id;
}

std::vector<std::string> Attachments::cgroups() const {
  std::vector<std::string> result;
  for (const auto& [path, attached] : by_cgroup_) result.push_back(path);
  return result;
}

std::vector<Attachment> Attachments::list(const std::map<std::string, std::string>& target_by_cgroup) const {
  std::vector<Attachment> result;
  for (const auto& [path, attached] : by_cgroup_) {
    const auto target = target_by_cgroup.find(path);
    for (const HookProgram& hook : hooks_) {
      result.push_back({target == target_by_cgroup.end() ? "" : target->second, hook.hook, path, true, ""});
    }
  }
  return result;
}

std::vector<Attachment> Attachments::missing(const std::string& target, const std::string& cgroup,
                                             const std::string& error) const {
  std::vector<Attachment> result;
  if (covered(cgroup)) return result;
  for (const HookProgram& hook : hooks_) result.push_back({target, hook.hook, cgroup, false, error});
  return result;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "kernel/host_probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "base/unique_fd.h"
#include "discovery/host_checks.h"

namespace mme {
namespace {

struct Hook {
  bpf_attach_type type;
  const char* name;
};
constexpr std::array hooks = {
    Hook{BPF_CGROUP_INET_INGRESS, "cgroup_skb/ingress"},
    Hook{BPF_CGROUP_INET_EGRESS, "cgroup_skb/egress"},
    Hook{BPF_CGROUP_SOCK_OPS, "sockops"},
    Hook{BPF_CGROUP_INET4_CONNECT, "cgroup/connect4"},
    Hook{BPF_CGROUP_INET6_CONNECT, "cgroup/connect6"},
};

tl::unexpected<Error> refused(const char* what) {
  const int error_number = errno;
  return fail_errno(what, error_number, mend_of_load(error_number, read_host_facts("/proc", "/sys")));
}

bpf_insn instruction(int code, int dst, int src, int offset, int32_t immediate) {
  bpf_insn insn{};
  insn.code = static_cast<uint8_t>(code);
  insn.dst_reg = static_cast<uint8_t>(dst & 0xf);
  insn.src_reg = static_cast<uint8_t>(src & 0xf);
  insn.off = static_cast<int16_t>(offset);
  insn.imm = immediate;
  return insn;
}

// Socket storage wants the types of key and value (BTF).
Result<UniqueFd> create_storage_map() {
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__new_empty(), btf__free);
  if (!types) return fail_errno("make BTF", errno);
  const int type = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
  uint32_t size = 0;
  const void* data = type < 0 ? nullptr : btf__raw_data(types.get(), &size);
  if (data == nullptr) return fail_errno("make BTF", errno);
  const UniqueFd btf_fd(bpf_btf_load(data, size, nullptr));
  if (!btf_fd.valid()) return refused("load BTF");
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = BPF_F_NO_PREALLOC;
  options.btf_fd = static_cast<uint32_t>(btf_fd.get());
  options.btf_key_type_id = static_cast<uint32_t>(type);
  options.btf_value_type_id = static_cast<uint32_t>(type);
  UniqueFd map(bpf_map_create(BPF_MAP_TYPE_SK_STORAGE, "mme_probe", 4, 4, 0, &options));
  if (!map.valid()) return refused("create a map of socket storage");
  return map;
}

// n = 4; do --n; while (n);
// sk = skb->sk; if (sk) { sk = bpf_sk_fullsock(sk); if (sk) bpf_sk_storage_get(&map, sk, 0, 0); } return 1;
Result<> load_program(int map_fd) {
  constexpr int sk = offsetof(__sk_buff, sk);
  const std::array program = {
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_6, 0, 0, 4),
      instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_6, 0, 0, -1),
      instruction(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_6, 0, -2, 0),
      instruction(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, sk, 0),
      instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 8, 0),
      instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sk_fullsock),
      instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 6, 0),
      instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_0, 0, 0),
      instruction(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd),
      instruction(0, 0, 0, 0, 0),
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_4, 0, 0, 0),
      instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sk_storage_get),
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1),
      instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = BPF_CGROUP_INET_INGRESS;
  const UniqueFd fd(
      bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, "mme_probe", "GPL", program.data(), program.size(), &options));
  if (!fd.valid()) return refused("load a cgroup_skb program");
  return {};
}

std::string program_name(uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return {};
  return info.name;
}

}  // namespace

Result<> probe_load() {
  return create_storage_map().and_then([](const UniqueFd& map) { return load_program(map.get()); });
}

Result<std::vector<HookState>> query_hooks(const std::string& mount_point, const std::string& cgroup) {
  const std::string directory = cgroup == "/" ? mount_point : mount_point + cgroup;
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("open " + directory, errno);
  std::vector<HookState> states;
  for (const Hook& hook : hooks) {
    HookState state;
    state.cgroup = cgroup;
    state.hook = hook.name;
    std::array<uint32_t, 128> ids{};
    uint32_t count = ids.size();
    if (bpf_prog_query(fd.get(), hook.type, 0, &state.attach_flags, ids.data(), &count) != 0) {
      return fail_errno("query the programs of " + std::string(hook.name) + " on " + directory, errno,
                        "needs CAP_NET_ADMIN");
    }
    for (uint32_t i = 0; i < count && i < ids.size(); ++i) state.programs.push_back({ids[i], program_name(ids[i])});
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/observer.h"
#include "lifecycle.skel.h"
#include "observer.skel.h"

namespace mme {

struct ObserverSkeletonDeleter {
  void operator()(observer_bpf* skeleton) const { observer_bpf__destroy(skeleton); }
};
struct LifecycleSkeletonDeleter {
  void operator()(lifecycle_bpf* skeleton) const { lifecycle_bpf__destroy(skeleton); }
};

// The loaded programs of both objects; they share every map.
struct Programs {
  std::unique_ptr<observer_bpf, ObserverSkeletonDeleter> observer;
  std::unique_ptr<lifecycle_bpf, LifecycleSkeletonDeleter> lifecycle;
  mme_settings settings{};
};

// Rodata of the programs for these settings on a machine with `possible_cpus`.
[[nodiscard]] mme_settings program_settings(const ObserverSettings& settings, int possible_cpus);

// Opens, sizes and verifies. The error holds the end of the verifier's log where that refused.
[[nodiscard]] Result<Programs> load_programs(const ObserverSettings& settings);

// One hook's program with the name that metrics show.
struct HookProgram {
  const char* hook;
  bpf_program* program;
};
[[nodiscard]] std::vector<HookProgram> hook_programs(const Programs& programs);

}  // namespace mme

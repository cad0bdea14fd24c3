// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "metrics/kernel_snapshot.h"
#include "metrics/snapshot.h"

namespace mme {

// What the agent knows of a target id in series keys; ids of vanished targets stay known.
struct ResolveTarget {
  std::string name;                             // Target::name
  std::map<uint16_t, std::string> entrypoints;  // of Traefik: label by port, all its listeners; else ":PORT"
};

struct ResolveContext {
  std::unordered_map<uint16_t, ResolveTarget> targets;
};

// Ids become names: every label of the result is display text, valid UTF-8 of at most kLabelBytesMax bytes. Series
// whose labels became the same are merged; each list is ascending by its labels, the target last. What the kernel does
// not know (`targets`, `attachments`, `agent`) stays empty.
[[nodiscard]] Snapshot resolve(KernelSnapshot raw, const ResolveContext& context);

// Adds the counts of `from`, also where it has more bounds.
void add(Latency& to, const Latency& from);

}  // namespace mme

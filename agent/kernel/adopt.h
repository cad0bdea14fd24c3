// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "discovery/target.h"

namespace mme {

// Tells the programs which sockets are connections that a Traefik opened before they were attached. In a cgroup of
// Traefik's own they see that by themselves; in a shared one only the connect hook tells, and that was too late for
// these. Returns how many there are. The error names the system call and the mend; what was found before it stays.
[[nodiscard]] Result<size_t> adopt_upstream_connections(const bpf_map* connections, uint16_t id, const Target& target);

}  // namespace mme

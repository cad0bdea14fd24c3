// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "discovery/listen_sockets.h"

namespace mme {

enum class DumpState { more, done, failed };

// Appends the sockets of one datagram of an inet_diag dump (SOCK_DIAG_BY_FAMILY replies, struct inet_diag_msg and its
// attributes, sock_diag(7)).
[[nodiscard]] DumpState parse_sock_diag(std::span<const std::byte> datagram, std::vector<ListenSocket>& sockets);

}  // namespace mme

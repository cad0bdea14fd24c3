// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace mme {

// Addresses in network order as the kernel keeps them. A v4-mapped IPv6 address reads as IPv4.
[[nodiscard]] std::string format_ipv4(const uint32_t* word);
[[nodiscard]] std::string format_ipv6(const uint32_t* words);  // four of them

}  // namespace mme

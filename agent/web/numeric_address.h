// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netdb.h>

#include <cstdint>
#include <memory>
#include <string>

namespace mme {

using AddressInfo = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// The socket address of an IP address and a port; null where `host` is none.
[[nodiscard]] AddressInfo numeric_address(const std::string& host, uint16_t port);

// "127.0.0.1:9477", "[::1]:9477"
[[nodiscard]] std::string host_and_port(const std::string& host, uint16_t port);

}  // namespace mme

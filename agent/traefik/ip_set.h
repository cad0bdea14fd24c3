// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mme::traefik {

// An address in Go's 16-byte form: IPv4 is IPv4-mapped. A zone is left out.
using IpBytes = std::array<uint8_t, 16>;
[[nodiscard]] std::optional<IpBytes> parse_ip(std::string_view text);

// One address or one CIDR range, as Traefik's ip.Checker takes it.
class IpRange {
 public:
  [[nodiscard]] static std::optional<IpRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpBytes& address) const;

 private:
  IpBytes network_{};
  IpBytes mask_{};
  bool v4_ = false;  // an IPv4 range holds no IPv6 address and the other way round
  bool exact_ = false;
};

}  // namespace mme::traefik

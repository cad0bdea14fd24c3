// SPDX-License-Identifier: Apache-2.0
#include "traefik/ip_set.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace mme::traefik {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const IpBytes& address) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin());
}

std::optional<IpBytes> parse_without_zone(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpBytes bytes{};
  if (text.find(':') == std::string_view::npos) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
    if (inet_pton(AF_INET, copy.c_str(), bytes.data() + kMappedPrefix.size()) != 1) return std::nullopt;
    return bytes;
  }
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

}  // namespace

std::optional<IpBytes> parse_ip(std::string_view text) {
  const size_t zone = text.find('%');
  if (zone == std::string_view::npos) return parse_without_zone(text);
  if (text.find(':') == std::string_view::npos || zone + 1 == text.size()) return std::nullopt;
  return parse_without_zone(text.substr(0, zone));
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  IpRange range;
  if (const auto address = parse_without_zone(text)) {
    range.network_ = *address;
    range.exact_ = true;
    return range;
  }
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_without_zone(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  if (!address || digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  const bool written_as_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || bits > (written_as_v4 ? 32U : 128U)) return std::nullopt;
  if (written_as_v4) bits += 96;
  for (size_t i = 0; i < range.mask_.size(); i++) {
    const unsigned here = std::clamp(static_cast<int>(bits) - static_cast<int>(i * 8), 0, 8);
    range.mask_.at(i) = static_cast<uint8_t>(0xff00U >> here);
    range.network_.at(i) = address->at(i) & range.mask_.at(i);
  }
  // Go reduces ::ffff:a.b.c.d/n to IPv4 as soon as the masked network still is IPv4.
  range.v4_ = written_as_v4 || is_v4(range.network_);
  return range;
}

bool IpRange::contains(const IpBytes& address) const {
  if (exact_) return address == network_;
  if (is_v4(address) != v4_) return false;
  for (size_t i = v4_ ? 12 : 0; i < address.size(); i++) {
    if ((address.at(i) & mask_.at(i)) != network_.at(i)) return false;
  }
  return true;
}

}  // namespace mme::traefik

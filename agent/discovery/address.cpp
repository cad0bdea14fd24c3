// SPDX-License-Identifier: Apache-2.0
#include "discovery/address.h"

#include <arpa/inet.h>

#include <array>

namespace mme {

std::string format_ipv4(const uint32_t* word) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, word, text.data(), text.size());
  return text.data();
}

std::string format_ipv6(const uint32_t* words) {
  if (words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff)) return format_ipv4(words + 3);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, words, text.data(), text.size());
  return text.data();
}

}  // namespace mme

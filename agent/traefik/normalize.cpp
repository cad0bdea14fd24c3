// SPDX-License-Identifier: Apache-2.0
#include "traefik/normalize.h"

namespace mme::traefik {

std::string normalized(std::string_view name) {
  std::string out;
  bool gap = false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        static_cast<unsigned char>(c) >= 0x80;
    if (!letter) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += '-';
    gap = false;
    out += c;
  }
  return out;
}

}  // namespace mme::traefik

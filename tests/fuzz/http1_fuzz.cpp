// SPDX-License-Identifier: Apache-2.0
// Any bytes as an HTTP/1 conversation, on Traefik's side or on the upstream's.
#include "protocol_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  mme::test::fuzz_cuts(data[0] & 1 ? MME_ROLE_UPSTREAM : MME_ROLE_ENTRYPOINT, data + 1, size - 1);
  return 0;
}

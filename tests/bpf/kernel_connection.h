// SPDX-License-Identifier: Apache-2.0
// One connection as the kernel's observer sees it: packets go in by BPF_PROG_TEST_RUN, state and samples come out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mme/exchange.h"
#include "unit/protocol/host_connection.h"

struct harness_bpf;

namespace mme::test {

// The addresses in every packet; the observed socket is 10.0.0.1:8080 for servers, 10.0.0.1:40000 for Traefik's own.
inline constexpr uint16_t kServerPort = 8080;
inline constexpr uint16_t kClientPort = 40000;

class KernelConnection {
 public:
  KernelConnection();  // loads the harness; throws std::runtime_error when the kernel refuses it
  ~KernelConnection();

  // Begins anew with this state.
  void reset(const mme_connection& state);
  void segment(const Segment& segment);

  mme_connection state() const;
  std::vector<mme_sample> samples() const;
  mme_account account() const;

 private:
  std::string packet(const Segment& segment) const;

  std::unique_ptr<harness_bpf, void (*)(harness_bpf*)> skeleton_;
  uint8_t role_ = 0;
  size_t cpus_ = 0;
};

}  // namespace mme::test

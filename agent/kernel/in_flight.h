// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "kernel/link.h"
#include "mme/abi.h"

struct in_flight_bpf;

namespace mme {

struct InFlightSkeletonDeleter {
  void operator()(in_flight_bpf* skeleton) const;
};

// Walks the connections in the kernel and tells those with unanswered requests. Apart from the other programs, for it
// needs BTF of the kernel, which they do without.
class InFlightReader {
 public:
  // Loads the iterator for the map `connections`. The error says what the kernel lacks.
  [[nodiscard]] static Result<InFlightReader> load(const bpf_map* connections);

  struct Read {
    std::vector<mme_in_flight> links;  // with unanswered requests, each once
    std::vector<mme_in_flight> mongo;  // each open connection to a mongod
  };
  // O(open connections), a system call each 800 that it tells of.
  [[nodiscard]] Result<Read> read() const;

  [[nodiscard]] const bpf_program* program() const;

 private:
  std::unique_ptr<in_flight_bpf, InFlightSkeletonDeleter> skeleton_;
  Link link_;
};

}  // namespace mme

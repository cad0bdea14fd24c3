// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/kernel_snapshot.h"

namespace mme {

// The connections of clients to mongods, and how long all of a client's were busy, by samples: what is shorter than the
// time between two of them may be missed, or counted as that long.
class MongoPools {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kPoolsMax = 200;  // further ones are `_other`
  // A pool that had no connection for so long makes room for others.
  static constexpr std::chrono::minutes kForgottenAfter{10};

  // Whether a sample is due: as often as there is a tick, with many connections every second.
  [[nodiscard]] bool due(Clock::time_point now) const;

  // `connections`: all that are open. `application` of a socket cookie.
  void sample(Clock::time_point now, const std::vector<mme_in_flight>& connections,
              const std::function<std::string_view(uint64_t)>& application);

  void add_to(KernelSnapshot& snapshot) const;

 private:
  struct Pool {
    Clock::time_point last_open{};
    uint64_t open = 0;
    uint64_t busy = 0;
    uint64_t working = 0;  // have carried commands,
    uint64_t idle = 0;     // and carry none now
    std::chrono::duration<double> saturated{0};
  };
  using Name = std::pair<std::string, std::string>;  // application, client

  [[nodiscard]] Pool& pool_of(Name name);

  std::map<Name, Pool> pools_;
  size_t connections_ = 0;  // of the last sample
  Clock::time_point sampled_at_{};
};

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace mme {

// When the programs tell of every exchange: always, up to kLegsPerSecond; else so seldom that it is no more on average.
// The exchanges that begin within a window are the sample; after it all are told of until these have ended as well, or
// the sample would lack those that take long.
class LegSampling {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Phase : uint8_t { pause, window, rest };
  static constexpr uint64_t kLegsPerSecond = 2000;
  static constexpr std::chrono::seconds kWindow{1};         // at least; as long as the longest exchange
  static constexpr std::chrono::seconds kLongestMax{5};     // that is waited for
  static constexpr std::chrono::milliseconds kSettle{200};  // until those that ended are joined
  static constexpr std::chrono::seconds kPauseMax{30};

  // The phase from `now` on, where `legs` came since the last call, and the longest of these exchanges took `longest`.
  // To be called some ten times a second.
  [[nodiscard]] Phase decide(Clock::time_point now, uint64_t legs, Clock::duration longest);

 private:
  void enter(Phase phase, Clock::time_point until);

  Phase phase_ = Phase::pause;
  Clock::time_point since_ = {};  // of the last window
  Clock::time_point until_ = {};
  Clock::duration longest_ = {};  // of late
  uint64_t legs_ = 0;             // since since_
};

}  // namespace mme

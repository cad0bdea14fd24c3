// SPDX-License-Identifier: Apache-2.0
#include "daemon/leg_sampling.h"

#include <algorithm>

namespace mme {

LegSampling::Phase LegSampling::decide(Clock::time_point now, uint64_t legs, Clock::duration longest) {
  legs_ += legs;
  longest_ = std::max(longest_, std::min<Clock::duration>(longest, kLongestMax));
  if (now < until_) return phase_;
  // as long as so many legs may take; some of it has passed
  const Clock::duration share = std::chrono::milliseconds(legs_ * 1000 / kLegsPerSecond);
  const Clock::duration left = share - (now - since_);
  if (phase_ == Phase::window && left > Clock::duration::zero()) {
    enter(Phase::rest, now + longest_ + kSettle);
  } else if (phase_ == Phase::rest && left > Clock::duration::zero()) {
    enter(Phase::pause, now + std::min<Clock::duration>(left, kPauseMax));
  } else {
    enter(Phase::window, now + std::max<Clock::duration>(kWindow, longest_));
    since_ = now;
    legs_ = 0;
    longest_ /= 2;
  }
  return phase_;
}

void LegSampling::enter(Phase phase, Clock::time_point until) {
  phase_ = phase;
  until_ = until;
}

}  // namespace mme

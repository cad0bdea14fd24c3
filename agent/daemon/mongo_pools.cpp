// SPDX-License-Identifier: Apache-2.0
#include "daemon/mongo_pools.h"

#include "metrics/names.h"

namespace mme {
namespace {

constexpr size_t kMany = 4000;
constexpr std::chrono::seconds kBetweenSamplesOfMany{1};
constexpr std::chrono::seconds kLongestGap{2};  // of what was before it nothing is known

}  // namespace

bool MongoPools::due(Clock::time_point now) const {
  return connections_ < kMany || now - sampled_at_ >= kBetweenSamplesOfMany;
}

MongoPools::Pool& MongoPools::pool_of(Name name) {
  if (pools_.size() >= kPoolsMax && !pools_.contains(name)) {
    const Name other(kOther, kOther);
    const size_t most = pools_.contains(other) ? kPoolsMax + 1 : kPoolsMax;
    if (pools_.size() >= most) name = other;
  }
  return pools_[std::move(name)];
}

void MongoPools::sample(Clock::time_point now, const std::vector<mme_in_flight>& connections,
                        const std::function<std::string_view(uint64_t)>& application) {
  for (auto& [name, pool] : pools_) pool.open = pool.busy = pool.working = pool.idle = 0;
  for (const mme_in_flight& connection : connections) {
    const bool is_server = connection.peer != MME_PEER_CLIENT;
    const std::string name(is_server ? kInternal : application(connection.cookie));
    Pool& pool = pool_of({name, host_text(connection.link.address)});
    ++pool.open;
    pool.last_open = now;
    pool.working += connection.works;
    pool.busy += connection.requests != 0 ? 1 : 0;
    pool.idle += connection.works != 0 && connection.requests == 0 ? 1 : 0;
  }
  std::erase_if(pools_, [&](const auto& one) { return now - one.second.last_open >= kForgottenAfter; });
  const auto gap = now - sampled_at_;
  for (auto& [name, pool] : pools_) {
    if (pool.working != 0 && pool.idle == 0 && gap <= kLongestGap) pool.saturated += gap;
  }
  connections_ = connections.size();
  sampled_at_ = now;
}

void MongoPools::add_to(KernelSnapshot& snapshot) const {
  for (const auto& [name, pool] : pools_) {
    snapshot.mongo_pools.push_back({.application = name.first,
                                    .client = name.second,
                                    .open = pool.open,
                                    .busy = pool.busy,
                                    .saturated_s = pool.saturated.count()});
  }
}

}  // namespace mme

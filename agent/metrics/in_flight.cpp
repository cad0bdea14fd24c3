// SPDX-License-Identifier: Apache-2.0
#include "metrics/in_flight.h"

#include <utility>

#include "metrics/names.h"

namespace mme {
namespace {

template <typename Names>
void add(std::map<Names, uint64_t>& to, Names names, Names other, uint64_t requests) {
  if (to.size() >= kInFlightLinks && !to.contains(names)) names = std::move(other);
  to[std::move(names)] += requests;
}

}  // namespace

InFlight resolve_in_flight(const std::vector<mme_in_flight>& raw, const Links& links, const ResolveContext& context) {
  InFlight result;
  for (const auto& [id, target] : context.targets) {
    for (const auto& [port, name] : target.entrypoints) result.entrypoints[entrypoint_label(context, id, port)];
  }
  for (const auto& [names, failed] : links.last_failed) result.servers[names];
  const std::string other(kOther);
  for (const mme_in_flight& link : raw) {
    LinkNames names = link_names(context, link.link);
    if (link.link.role == MME_ROLE_UPSTREAM)
      add(result.servers, std::move(names), {other, other}, link.requests);
    else
      add(result.entrypoints, std::move(names.first), other, link.requests);
  }
  return result;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/client_directory.h"

#include <utility>

#include "metrics/names.h"

namespace mme {

void ClientDirectory::remember(uint64_t cookie, Client client) {
  const bool has_place = handshakes_.contains(client.application) || handshakes_.size() < kApplicationNamesMax;
  ++handshakes_[has_place ? client.application : std::string(kOther)];
  if (Shared known = shared(std::move(client))) connections_[cookie] = std::move(known);
}

// One for all of its connections. The last of them takes it out of clients_.
ClientDirectory::Shared ClientDirectory::shared(Client client) {
  const auto known = clients_.find(client);
  if (known != clients_.end()) return known->second.lock();
  if (clients_.size() >= kClientsMax) return nullptr;
  const auto place = clients_.try_emplace(std::move(client)).first;
  Shared one(&place->first, [this, place](const Client*) { clients_.erase(place); });
  place->second = one;
  return one;
}

const Client* ClientDirectory::find(uint64_t cookie) const {
  const Shared* known = connections_.find(cookie);
  return known == nullptr ? nullptr : known->get();
}

}  // namespace mme

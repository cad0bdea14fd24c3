// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/by_connection.h"

namespace mme {

// What a client says of itself in its handshake.
struct Client {
  std::string application;
  std::string driver;  // "PyMongo 4.6.0"

  auto operator<=>(const Client&) const = default;
};

// Which connection is which client's. Bounded; nothing is kept of what is closed but the number of handshakes.
class ClientDirectory {
 public:
  static constexpr size_t kConnectionsMax = 65536;
  static constexpr size_t kClientsMax = 1000;          // that have connections; further ones have no name
  static constexpr size_t kApplicationNamesMax = 200;  // of handshakes(); further ones are `_other`

  ClientDirectory() = default;
  ClientDirectory(const ClientDirectory&) = delete;
  ClientDirectory& operator=(const ClientDirectory&) = delete;

  // A handshake.
  void remember(uint64_t cookie, Client client);

  // Null: it is not known.
  [[nodiscard]] const Client* find(uint64_t cookie) const;

  // `open`: all connections that are.
  void forget_closed(const std::vector<mme_in_flight>& open) { connections_.forget_closed(open); }

  // By application name.
  [[nodiscard]] const std::map<std::string, uint64_t>& handshakes() const { return handshakes_; }

 private:
  using Shared = std::shared_ptr<const Client>;

  [[nodiscard]] Shared shared(Client client);

  std::map<std::string, uint64_t> handshakes_;
  std::map<Client, std::weak_ptr<const Client>> clients_;  // those that connections_ has
  ByConnection<Shared> connections_{kConnectionsMax};
};

}  // namespace mme

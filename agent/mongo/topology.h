// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "mongo/client.h"
#include "mongo/flatten.h"

namespace mme::mongo {

// What mongodb_exporter 0.43.1 puts beside each value to say whose it is (exporter/topology_info.go): cl_role, cl_id,
// and of a member of a replica set rs_nm and rs_state. Asked of one server by one connection.
class Topology {
 public:
  // `hello` is what the server said when it was connected to.
  explicit Topology(const Document& hello);

  // "mongod", "mongos", "arbiter"
  [[nodiscard]] const std::string& cluster_role() const { return cluster_role_; }

  // The labels now. What cannot change is asked once, the state of a member each time. A server that refuses a question
  // has no label of it, as at the exporter; the errors are those of the network.
  [[nodiscard]] tl::expected<StatusLabels, ClientError> labels(DirectClient& client);

 private:
  struct Lasting {
    std::string role;
    std::optional<std::string> cluster_id;
    std::string set;  // the set that they were asked in
  };
  [[nodiscard]] tl::expected<void, ClientError> ask_member(DirectClient& client);
  [[nodiscard]] tl::expected<void, ClientError> ask_lasting(DirectClient& client);

  std::string cluster_role_;
  bool may_be_member_ = true;  // false: the process was started without replication
  std::string set_;            // name of the replica set; empty: it is in none (yet)
  int64_t state_ = -1;
  std::optional<Lasting> lasting_;
};

}  // namespace mme::mongo

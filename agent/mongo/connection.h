// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "metrics/server_status.h"
#include "mongo/uri.h"

namespace mme::mongo {

// Why a mongod did not answer, and how to mend it; neither has credentials.
struct AskError {
  std::string what;  // "authentication failed"
  std::string mend;  // may be empty

  bool operator==(const AskError&) const = default;
};

// "authentication failed (the user, password or authSource of the URI is wrong)"
[[nodiscard]] std::string to_string(const AskError& error);

// That of an answer which has not come within kAnswerWithin.
[[nodiscard]] AskError too_late();

// A connection to one mongod that is made when it is first asked, and anew after it was lost. Used by one thread.
class Connection {
 public:
  explicit Connection(Uri uri);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // serverStatus and, of a member of a replica set, its state, asked now. Takes at most a few times kAnswerWithin, as
  // each step may take that long, and milliseconds where mongod answers. `target` of the answer is left empty.
  [[nodiscard]] tl::expected<MongodStatus, AskError> ask();

  [[nodiscard]] const Uri& uri() const { return uri_; }

 private:
  class Client;
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] tl::expected<MongodStatus, AskError> ask_once(Clock::time_point begun);

  Uri uri_;
  std::unique_ptr<Client> client_;  // none: not connected
};

}  // namespace mme::mongo

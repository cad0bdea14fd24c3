// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/server_status.h"
#include "mongo/connection.h"
#include "mongo/uri.h"

namespace mme::mongo {

// A mongod that is to be asked.
struct AskedMongod {
  std::string name;  // the label `target`
  Uri uri;

  bool operator==(const AskedMongod&) const = default;
};

// How one of them has been answering.
struct AskedState {
  using Clock = std::chrono::steady_clock;
  std::string name;
  std::string address;
  bool asked = false;             // at least one answer, or none in time, is known
  std::optional<AskError> error;  // none: the last answer came
  Clock::time_point failing_since{};
};

// Asks every mongod for its serverStatus when a scrape wants it, each in a thread of its own, and waits for none longer
// than kAnswerWithin. Thread-safe.
class ServerStatus {
 public:
  using Clock = AskedState::Clock;

  ServerStatus();
  ~ServerStatus();
  ServerStatus(const ServerStatus&) = delete;
  ServerStatus& operator=(const ServerStatus&) = delete;

  // Those to ask from now on. Who stays the same keeps the connection; the others are asked once at once. Ending one
  // that does not answer takes up to a few times kAnswerWithin. Called by one thread.
  void follow(const std::vector<AskedMongod>& mongods);

  // Questions that are on their way.
  class Questions;
  // Asks all. A question that is already on its way serves this one too.
  [[nodiscard]] std::shared_ptr<Questions> ask();
  // Their answers, in the order of follow(). Who has not answered kAnswerWithin after ask() is down: it has no samples,
  // however recent the last ones are.
  [[nodiscard]] std::vector<MongodStatus> answers(const Questions& questions);

  // In the order of follow().
  [[nodiscard]] std::vector<AskedState> states() const;

 private:
  class Asker;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Asker>> askers_;
};

}  // namespace mme::mongo

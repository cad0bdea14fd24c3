// SPDX-License-Identifier: Apache-2.0
#include "mongo/server_status.h"

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

#include "mongo/driver.h"

namespace mme::mongo {

// One mongod and the thread that asks it.
class ServerStatus::Asker {
 public:
  explicit Asker(AskedMongod mongod)
      : mongod_(std::move(mongod)),
        state_{.name = mongod_.name, .address = mongod_.uri.address(), .error = {}},
        thread_([this] { run(); }) {}
  ~Asker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  [[nodiscard]] const AskedMongod& mongod() const { return mongod_; }

  // The number of the answer that will be to this question.
  uint64_t ask() {
    const std::lock_guard lock(mutex_);
    wanted_ = answered_ + 1;
    changed_.notify_all();
    return wanted_;
  }

  MongodStatus answer(uint64_t number, Clock::time_point until) {
    std::unique_lock lock(mutex_);
    MongodStatus status;
    if (!changed_.wait_until(lock, until, [&] { return answered_ >= number; })) {
      note(too_late());
    } else if (last_) {
      status = *last_;
    }
    status.target = mongod_.name;
    return status;
  }

  [[nodiscard]] AskedState state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  void run() {
    Connection connection(mongod_.uri);
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stop_ || wanted_ > answered_; });
      if (stop_) return;
      lock.unlock();
      const auto begun = Clock::now();
      auto answer = connection.ask();
      if (answer && Clock::now() - begun > kAnswerWithin) answer = tl::make_unexpected(too_late());
      lock.lock();
      ++answered_;
      last_.reset();
      if (answer) last_ = std::move(*answer);
      note(answer ? std::nullopt : std::optional(answer.error()));
      changed_.notify_all();
    }
  }

  // With mutex_ held.
  void note(std::optional<AskError> error) {
    if (error && !state_.error) state_.failing_since = Clock::now();
    state_.error = std::move(error);
    state_.asked = true;
  }

  const AskedMongod mongod_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t wanted_ = 1;  // the first question needs nobody to ask it
  uint64_t answered_ = 0;
  std::optional<MongodStatus> last_;  // the latest answer; none: there was no connection
  AskedState state_;
  bool stop_ = false;
  std::thread thread_;
};

class ServerStatus::Questions {
 public:
  struct Question {
    std::shared_ptr<Asker> asker;
    uint64_t number = 0;
  };
  std::vector<Question> questions;
  Clock::time_point until;
};

ServerStatus::ServerStatus() = default;
ServerStatus::~ServerStatus() = default;

void ServerStatus::follow(const std::vector<AskedMongod>& mongods) {
  std::vector<std::shared_ptr<Asker>> next;
  std::vector<std::shared_ptr<Asker>> before;  // ends those that nobody follows any more, without the lock
  {
    const std::lock_guard lock(mutex_);
    before = askers_;
  }
  for (const AskedMongod& mongod : mongods) {
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const auto& one) { return one->mongod() == mongod; });
    next.push_back(known != before.end() ? *known : std::make_shared<Asker>(mongod));
  }
  const std::lock_guard lock(mutex_);
  askers_ = std::move(next);
}

std::shared_ptr<ServerStatus::Questions> ServerStatus::ask() {
  auto asked = std::make_shared<Questions>();
  asked->until = Clock::now() + kAnswerWithin;
  const std::lock_guard lock(mutex_);
  for (const auto& asker : askers_) asked->questions.push_back({asker, asker->ask()});
  return asked;
}

std::vector<MongodStatus> ServerStatus::answers(const Questions& questions) {
  std::vector<MongodStatus> answers;
  for (const auto& [asker, number] : questions.questions) answers.push_back(asker->answer(number, questions.until));
  return answers;
}

std::vector<AskedState> ServerStatus::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<AskedState> states;
  for (const auto& asker : askers_) states.push_back(asker->state());
  return states;
}

}  // namespace mme::mongo

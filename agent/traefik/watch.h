// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "traefik/names.h"
#include "traefik/sources.h"

namespace mme::traefik {

// One running Traefik.
struct Watched {
  std::string target;  // Target::name
  pid_t pid = 0;
  uint64_t start_ticks = 0;
  GivenNames given;

  bool operator==(const Watched&) const = default;
};

// Follows the names and the configuration of every Traefik in a thread of its own: asks their sources every two
// seconds, and at once when there is a new one.
class NamesWatch {
 public:
  // Called by the thread whenever the names or the configuration (after `resolved`) of a target have changed.
  using Report = std::function<void(const std::string& target, const Names& names,
                                    const std::shared_ptr<const Configuration>& configuration)>;

  explicit NamesWatch(Report report);
  ~NamesWatch();
  NamesWatch(const NamesWatch&) = delete;
  NamesWatch& operator=(const NamesWatch&) = delete;

  // Those that run now.
  void follow(std::vector<Watched> watched);

 private:
  struct Followed {
    Watched watched;
    ProcessSources sources;
    Learnt reported;  // no configuration: nothing yet
  };

  void run();
  void refresh(const std::vector<Watched>& watched, const std::set<std::string>& gone);

  const Report report_;
  std::map<std::string, Followed> followed_;  // the thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Watched> watched_;
  std::set<std::string> gone_;  // targets that were not followed since the thread last looked
  bool changed_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace mme::traefik

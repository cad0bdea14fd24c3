// SPDX-License-Identifier: Apache-2.0
#include "traefik/watch.h"

#include <algorithm>
#include <utility>

namespace mme::traefik {
namespace {

constexpr std::chrono::seconds kEvery{2};

bool same(const Learnt& a, const Learnt& b) {
  if (a.names != b.names || !a.configuration || !b.configuration) return false;
  return a.configuration == b.configuration || *a.configuration == *b.configuration;
}

}  // namespace

NamesWatch::NamesWatch(Report report) : report_(std::move(report)), thread_([this] { run(); }) {}

NamesWatch::~NamesWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void NamesWatch::follow(std::vector<Watched> watched) {
  {
    const std::lock_guard lock(mutex_);
    if (watched == watched_) return;
    for (const Watched& old : watched_) {
      if (std::find(watched.begin(), watched.end(), old) == watched.end()) gone_.insert(old.target);
    }
    watched_ = std::move(watched);
    changed_ = true;
  }
  wake_.notify_all();
}

void NamesWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_ = false;
    const std::vector<Watched> watched = watched_;
    const std::set<std::string> gone = std::exchange(gone_, {});
    lock.unlock();
    refresh(watched, gone);
    lock.lock();
    wake_.wait_for(lock, kEvery, [this] { return stop_ || changed_; });
  }
}

void NamesWatch::refresh(const std::vector<Watched>& watched, const std::set<std::string>& gone) {
  std::map<std::string, Followed> before = std::exchange(followed_, {});
  std::erase_if(before, [&](const auto& known) { return gone.contains(known.first); });
  for (const Watched& one : watched) {
    auto known = before.extract(one.target);
    if (!known.empty() && known.mapped().watched == one) {
      followed_.insert(std::move(known));
    } else {
      followed_.emplace(one.target, Followed{one, ProcessSources(one.pid, one.given), {}});
    }
  }
  for (auto& [target, followed] : followed_) {
    Learnt learnt = followed.sources.refresh(ProcessSources::Clock::now());
    if (same(learnt, followed.reported)) continue;
    report_(target, learnt.names, learnt.configuration);
    followed.reported = std::move(learnt);
  }
}

}  // namespace mme::traefik

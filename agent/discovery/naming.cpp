// SPDX-License-Identifier: Apache-2.0
#include "discovery/naming.h"

#include <algorithm>
#include <numeric>

namespace mme {
namespace {

constexpr size_t places_max = 256;  // re-created containers leave one each
constexpr size_t id_shown = 12;     // as `docker ps` shows

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Cuts every run of 64 hexadecimal digits, the id of a container.
std::string shorten_ids(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto run = static_cast<size_t>(std::find_if_not(path.begin(), path.end(), is_hex) - path.begin());
    out += path.substr(0, run == 64 ? id_shown : std::max<size_t>(run, 1));
    path.remove_prefix(std::max<size_t>(run, 1));
  }
  return out;
}

}  // namespace

std::string place_of(std::string_view cgroup) {
  const size_t pods = cgroup.find("kubepods");
  for (size_t at = cgroup.find('/', std::min(pods, cgroup.size())); at != std::string_view::npos;) {
    const size_t end = std::min(cgroup.find('/', at + 1), cgroup.size());
    std::string_view part = cgroup.substr(at + 1, end - at - 1);
    const size_t dash = part.rfind("-pod");  // "kubepods-burstable-pod<uid>.slice" of the systemd driver
    if (dash != std::string_view::npos) part.remove_prefix(dash + 1);
    if (part.ends_with(".slice")) part.remove_suffix(6);
    if (part.starts_with("pod") && part.size() > 3 && is_hex(part[3])) return "/" + std::string(part);
    at = cgroup.find('/', end);
  }
  return shorten_ids(cgroup);
}

bool NameBook::taken(const std::string& name) const {
  return std::any_of(names_.begin(), names_.end(), [&](const auto& held) { return held.second.name == name; });
}

std::string NameBook::remembered(const NameClaim& claim) const {
  if (claim.port != 0) {
    const auto exact = places_.find({claim.base, claim.place, claim.port});
    return exact == places_.end() ? std::string() : exact->second;
  }
  // Not listening yet: only where no more than one process has ever lived there.
  std::set<std::string> names;
  for (auto at = places_.lower_bound({claim.base, claim.place, 0}); at != places_.end(); ++at) {
    if (std::get<0>(at->first) != claim.base || std::get<1>(at->first) != claim.place) break;
    names.insert(at->second);
  }
  return names.size() == 1 ? *names.begin() : std::string();
}

std::string NameBook::choose(const NameClaim& claim, const std::vector<NameClaim>& claims) const {
  const auto same_base =
      std::count_if(claims.begin(), claims.end(), [&](const NameClaim& other) { return other.base == claim.base; });
  // Of two that start at once neither gets the plain name; one that has lost its bearer goes to the next.
  if (!taken(claim.base) && (same_base == 1 || given_.contains(claim.base))) return claim.base;
  const auto same_place = std::count_if(claims.begin(), claims.end(), [&](const NameClaim& other) {
    return other.base == claim.base && other.place == claim.place;
  });
  std::string with_place = claim.base + "@" + claim.place;
  if (same_place == 1 && !taken(with_place)) return with_place;
  std::string with_port = with_place + ":" + std::to_string(claim.port);
  if (claim.port != 0 && !taken(with_port)) return with_port;
  return {};
}

std::vector<std::string> NameBook::assign(const std::vector<NameClaim>& claims) {
  // A live process has another base once the configuration calls it otherwise.
  std::erase_if(names_, [&](const auto& held) {
    return std::none_of(claims.begin(), claims.end(), [&](const auto& claim) {
      return claim.process() == held.first && claim.base == held.second.base;
    });
  });
  std::vector<size_t> order(claims.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(claims[a].start_ticks, claims[a].pid) < std::pair(claims[b].start_ticks, claims[b].pid);
  });
  // Those who were called something before come first, so that nobody new takes their name.
  for (const bool from_memory : {true, false}) {
    for (const size_t i : order) {
      const NameClaim& claim = claims[i];
      if (names_.contains(claim.process())) continue;
      const std::string name = from_memory ? remembered(claim) : choose(claim, claims);
      if (name.empty() || taken(name)) continue;
      names_.emplace(claim.process(), Held{claim.base, name});
      if (name == claim.base) given_.insert(name);
    }
  }
  if (places_.size() > places_max) places_.clear();
  std::vector<std::string> names;
  for (const auto& claim : claims) {
    const auto held = names_.find(claim.process());
    names.push_back(held == names_.end() ? std::string() : held->second.name);
    if (held != names_.end() && claim.port != 0) places_[{claim.base, claim.place, claim.port}] = held->second.name;
  }
  return names;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/compat.h"

#include <algorithm>

namespace mme {
namespace {

// What follows from metrics that Traefik serves itself, and what to do about it; no mend: it is as it was asked for.
struct Consequence {
  const char* what;
  const char* mend;
};

Consequence consequence(CompatTraefik compat) {
  switch (compat) {
    case CompatTraefik::automatic:
      return {"the traefik_* families are left out (compat.traefik: auto)", "set compat.traefik to on to have both"};
    case CompatTraefik::on:
      return {"where both are scraped, sums over the traefik_* families are double (compat.traefik: on)",
              "set compat.traefik to auto to leave the agent's out"};
    case CompatTraefik::off:
      break;
  }
  return {"the traefik_* families are left out (compat.traefik: off)", ""};
}

std::string sentence(const TargetMetrics& own, const Consequence& follows) {
  return own.target + ": serves its own metrics " + where(own.metrics) + ": " + follows.what;
}

}  // namespace

bool serves(const Target& target, const traefik::OwnMetrics& metrics) {
  if (metrics.port == 0) return true;
  const auto there = [&](const Listener& listener) { return listener.port == metrics.port; };
  return target.only_given_ports || std::any_of(target.listeners.begin(), target.listeners.end(), there);
}

bool serves_traefik_families(CompatTraefik compat, const std::vector<TargetMetrics>& own) {
  return compat == CompatTraefik::on || (compat == CompatTraefik::automatic && own.empty());
}

std::vector<std::string> compat_notes(CompatTraefik compat, const std::vector<TargetMetrics>& own) {
  const Consequence follows = consequence(compat);
  std::vector<std::string> notes;
  if (*follows.mend == '\0') return notes;
  for (const TargetMetrics& one : own) notes.push_back(sentence(one, follows) + "; " + follows.mend);
  return notes;
}

std::vector<Check> check_compat(CompatTraefik compat, const std::vector<TargetMetrics>& own) {
  constexpr const char* name = "traefik metrics";
  const Consequence follows = consequence(compat);
  const CheckStatus status = *follows.mend == '\0' ? CheckStatus::ok : CheckStatus::warn;
  std::vector<Check> checks;
  for (const TargetMetrics& one : own) checks.push_back({name, status, sentence(one, follows), follows.mend, false});
  if (own.empty())
    checks.push_back({name, CheckStatus::ok, "no Traefik serves its own, as far as is known", "", false});
  return checks;
}

}  // namespace mme

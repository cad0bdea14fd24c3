// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

namespace mme {

std::string to_string(const ConfigError& error) {
  std::string shown = error.file;
  if (error.line > 0) shown += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
  if (!error.key.empty()) shown += ": " + error.key;
  shown += ": " + error.problem;
  if (!error.mend.empty()) shown += "; " + error.mend;
  return shown;
}

std::string to_string(const ConfigErrors& errors) {
  std::string shown;
  for (const ConfigError& error : errors) {
    if (!shown.empty()) shown += '\n';
    shown += to_string(error);
  }
  return shown;
}

ConfigDifference compare(const Config& running, const Config& wanted) {
  ConfigDifference difference;
  if (running.targets != wanted.targets) difference.reloadable.emplace_back("targets");
  if (running.routes != wanted.routes) difference.reloadable.emplace_back("routes");
  if (running.compat_traefik != wanted.compat_traefik) difference.reloadable.emplace_back("compat.traefik");
  if (running.slow != wanted.slow) difference.reloadable.emplace_back("slow");
  if (running.log_level != wanted.log_level) difference.reloadable.emplace_back("log.level");
  if (running.log_format != wanted.log_format) difference.reloadable.emplace_back("log.format");

  // The socket is bound once; bounds and limits are sizes and constants of loaded BPF programs.
  if (running.listen != wanted.listen) difference.restart.emplace_back("web.listen");
  if (running.histogram_bounds_s != wanted.histogram_bounds_s) difference.restart.emplace_back("histogram.bounds");
  if (running.series_per_family != wanted.series_per_family) {
    difference.restart.emplace_back("limits.series_per_family");
  }
  if (running.connections != wanted.connections) difference.restart.emplace_back("limits.connections");
  return difference;
}

Config reloaded(const Config& running, const Config& wanted) {
  Config next = running;
  next.targets = wanted.targets;
  next.routes = wanted.routes;
  next.compat_traefik = wanted.compat_traefik;
  next.slow = wanted.slow;
  next.log_level = wanted.log_level;
  next.log_format = wanted.log_format;
  return next;
}

}  // namespace mme

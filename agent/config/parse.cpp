// SPDX-License-Identifier: Apache-2.0
// What each key of the configuration may be. docs/configuration.md says the same to people.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "config/config.h"
#include "config/reader.h"
#include "config/routes.h"
#include "config/slow.h"
#include "config/targets.h"
#include "mme/limits.h"

namespace mme {
namespace {

constexpr int64_t kSeriesMin = 10;
constexpr int64_t kSeriesMax = 50000;  // x family x shard x about 1 KiB of kernel memory
constexpr int64_t kConnectionsMin = 100;
constexpr int64_t kConnectionsMax = 1000000;
constexpr double kBoundMax_s = 3600;

// Those with false are keys of the design that this version does not have yet.
constexpr KnownKey kRootKeys[] = {{"web"},    {"targets"}, {"routes"}, {"compat"},           {"histogram"},
                                  {"limits"}, {"slow"},    {"log"},    {"isolation", false}, {"spikes", false}};
constexpr KnownKey kWebKeys[] = {{"listen"}, {"listeners", false}, {"config_file", false}};
constexpr KnownKey kCompatKeys[] = {{"traefik"}};
constexpr KnownKey kHistogramKeys[] = {{"bounds"}};
constexpr KnownKey kLimitsKeys[] = {{"series_per_family"}, {"connections"}};
constexpr KnownKey kLogKeys[] = {{"level"}, {"format"}};
constexpr std::string_view kCompatTraefik[] = {"auto", "on", "off"};
constexpr std::string_view kLogLevels[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kLogFormats[] = {"logfmt", "json"};

void read_web(Reader& reader, const Cursor& web, Config& config) {
  const Members keys = reader.members(web, kWebKeys);
  const Cursor* listen = find(keys, "listen");
  if (listen == nullptr) return;
  constexpr std::string_view what = "ADDRESS:PORT such as 127.0.0.1:9477 or \"[::1]:9477\"";
  const auto text = reader.text(*listen, what);
  if (!text) return;
  if (auto address = parse_listen_address(*text)) {
    config.listen = std::move(*address);
  } else {
    reader.error(*listen, address.error().message, fmt::format("expected {}", what));
  }
}

void read_compat(Reader& reader, const Cursor& compat, Config& config) {
  const Members keys = reader.members(compat, kCompatKeys);
  const Cursor* value = find(keys, "traefik");
  const auto choice = value == nullptr ? std::nullopt : reader.choice(*value, kCompatTraefik);
  if (!choice) return;
  config.compat_traefik = *choice == "on"    ? CompatTraefik::on
                          : *choice == "off" ? CompatTraefik::off
                                             : CompatTraefik::automatic;
}

// Bounds are compared by the kernel in whole nanoseconds.
int64_t nanoseconds(double seconds) {
  return std::llround(seconds * 1e9);
}

void read_histogram(Reader& reader, const Cursor& histogram, Config& config) {
  const Members keys = reader.members(histogram, kHistogramKeys);
  const Cursor* list = find(keys, "bounds");
  if (list == nullptr) return;
  const auto items = reader.items(*list, "seconds");
  if (!items) return;

  const std::string what = fmt::format("seconds above 0, at most {}", kBoundMax_s);
  std::map<int64_t, double> bounds;
  int64_t previous_ns = 0;
  for (const Cursor& item : *items) {
    const auto bound = reader.number(item, what);
    if (!bound) continue;
    if (*bound > kBoundMax_s || nanoseconds(std::max(*bound, -1.0)) < 1) {
      reader.error(item, shown(item.node->text) + " is out of range", "expected " + what);
      continue;
    }
    if (nanoseconds(*bound) <= previous_ns) {
      reader.error(item, shown(item.node->text) + " does not follow in ascending order", "sort the bounds, each once");
      continue;
    }
    previous_ns = nanoseconds(*bound);
    bounds.emplace(previous_ns, *bound);
  }
  for (const double required : kRequiredBounds) bounds.insert_or_assign(nanoseconds(required), required);
  if (bounds.size() > MME_BOUNDS_MAX) {
    reader.error(*list, fmt::format("{} bounds, with the always present 0.1, 0.3, 1.2 and 5", bounds.size()),
                 fmt::format("expected at most {}", MME_BOUNDS_MAX));
  }
  config.histogram_bounds_s.clear();
  for (const auto& [ns, seconds] : bounds) config.histogram_bounds_s.push_back(seconds);
}

void read_limits(Reader& reader, const Cursor& limits, Config& config) {
  const Members keys = reader.members(limits, kLimitsKeys);
  if (const Cursor* value = find(keys, "series_per_family")) {
    const auto series = reader.whole_number(*value, kSeriesMin, kSeriesMax);
    if (series) config.series_per_family = static_cast<uint32_t>(*series);
  }
  if (const Cursor* value = find(keys, "connections")) {
    const auto connections = reader.whole_number(*value, kConnectionsMin, kConnectionsMax);
    if (connections) config.connections = static_cast<uint32_t>(*connections);
  }
}

void read_log(Reader& reader, const Cursor& log, Config& config) {
  const Members keys = reader.members(log, kLogKeys);
  if (const Cursor* value = find(keys, "level")) {
    if (const auto level = reader.choice(*value, kLogLevels)) config.log_level = *parse_log_level(*level);
  }
  if (const Cursor* value = find(keys, "format")) {
    if (const auto format = reader.choice(*value, kLogFormats)) config.log_format = *parse_log_format(*format);
  }
}

}  // namespace

tl::expected<Config, ConfigErrors> parse_config(std::string_view text, const std::string& file) {
  const auto document = read_document(text, file);
  if (!document) return tl::make_unexpected(document.error());

  Config config;
  Reader reader(*document, file);
  const Members keys = reader.members(reader.root(), kRootKeys);
  if (const Cursor* web = find(keys, "web")) read_web(reader, *web, config);
  if (const Cursor* targets = find(keys, "targets")) read_targets(reader, *targets, config);
  if (const Cursor* routes = find(keys, "routes")) read_routes(reader, *routes, config);
  if (const Cursor* compat = find(keys, "compat")) read_compat(reader, *compat, config);
  if (const Cursor* histogram = find(keys, "histogram")) read_histogram(reader, *histogram, config);
  if (const Cursor* limits = find(keys, "limits")) read_limits(reader, *limits, config);
  if (const Cursor* slow = find(keys, "slow")) read_slow(reader, *slow, config);
  if (const Cursor* log = find(keys, "log")) read_log(reader, *log, config);

  ConfigErrors errors = reader.take_errors();
  if (!errors.empty()) return tl::make_unexpected(std::move(errors));
  return config;
}

}  // namespace mme

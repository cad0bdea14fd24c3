// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration: either a Config that keeps its promises or errors that a terminal can show.
#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/utf8.h"
#include "config/config.h"
#include "mme/limits.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const mme::Config& config) {
  const auto& bounds = config.histogram_bounds_s;
  require(bounds.size() <= MME_BOUNDS_MAX && bounds.front() > 0);
  require(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end());
  for (const double required : mme::kRequiredBounds) {
    require(std::find(bounds.begin(), bounds.end(), required) != bounds.end());
  }
  for (size_t i = 0; i < config.targets.size(); ++i) {
    const mme::TargetConfig& target = config.targets[i];
    require(mme::is_printable_text(target.name));
    require(std::adjacent_find(target.ports.begin(), target.ports.end(), std::greater_equal<>()) == target.ports.end());
    for (const auto& [name, port] : target.entrypoints) require(mme::is_printable_text(name) && port > 0);
    for (size_t j = i + 1; j < config.targets.size(); ++j) require(target.selector != config.targets[j].selector);
  }
  require(mme::parse_listen_address(mme::to_string(config.listen)) == config.listen);
  require(mme::compare(config, config).empty());
  require(mme::compare(mme::reloaded(mme::Config{}, config), config).reloadable.empty());
}

void check(const mme::ConfigErrors& errors, std::string_view text) {
  require(!errors.empty() && errors.size() <= 101);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const mme::ConfigError& error : errors) {
    require(!error.problem.empty() && error.line >= 0 && error.line <= lines);
    const std::string shown = mme::to_string(error);
    require(mme::is_printable_text(shown) && shown.size() < 1000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(data, data + size);
  const auto config = mme::parse_config(text, "fuzz.yaml");
  if (config) {
    check(*config);
  } else {
    check(config.error(), text);
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/config.h"

namespace mme {

// Every error of a text, as a person would see them; empty when there is none.
inline std::string errors_of(std::string_view text) {
  const auto config = parse_config(text, "a.yaml");
  return config ? std::string() : to_string(config.error());
}

// The Config of a text that must be sound.
inline Config config_of(std::string_view text) {
  const auto config = parse_config(text, "a.yaml");
  EXPECT_TRUE(config.has_value()) << to_string(config.error());
  return config ? *config : Config{};
}

}  // namespace mme

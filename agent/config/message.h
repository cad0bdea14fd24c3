// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mme {

// Text of a file as messages show it: control characters and quotes escaped, cut after 60 bytes.
[[nodiscard]] std::string shown(std::string_view text);
[[nodiscard]] std::string in_quotes(std::string_view text);

// "web", "listen" → "web.listen"; a key that is no plain word is quoted.
[[nodiscard]] std::string key_path(const std::string& parent, std::string_view key);

// The name nearest to what was written, if it is near enough to be a slip.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view text, std::span<const std::string_view> known);

}  // namespace mme

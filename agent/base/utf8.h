// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mme {

// One character at the start of a text. `length` 0: these bytes are not UTF-8 (RFC 3629: no overlong form, no
// surrogate, nothing above U+10FFFF) or the text is empty.
struct Utf8Character {
  char32_t code = 0;
  size_t length = 0;
};
[[nodiscard]] Utf8Character first_character(std::string_view text);

// C0, DEL, C1 and the two Unicode line separators: what could end or forge a line of output.
[[nodiscard]] bool is_control(char32_t code);

// Valid UTF-8 without a control character.
[[nodiscard]] bool is_printable_text(std::string_view text);

}  // namespace mme

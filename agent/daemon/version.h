// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mme {

[[nodiscard]] const char* version();   // "0.1.0"
[[nodiscard]] const char* revision();  // of the source, as git names it; "unknown" outside of a checkout

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mme {

// The command line. Returns the exit code: 0 ok, 1 failure, 2 usage or configuration, 3 degraded.
[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace mme

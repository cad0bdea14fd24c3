// SPDX-License-Identifier: Apache-2.0
#include "cli/main.h"

int main(int argc, char** argv) {
  return mme::run_command_line(argc, argv);
}

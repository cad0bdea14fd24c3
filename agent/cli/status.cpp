// SPDX-License-Identifier: Apache-2.0
#include "cli/status.h"

#include <chrono>
#include <ostream>
#include <thread>

#include "cli/printable.h"
#include "cli/status_text.h"
#include "web/client.h"
#include "web/status.h"

namespace mme {
namespace {

// Where an agent that listens on every address is asked.
std::string reachable(const std::string& host) {
  return host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
}

int show(const StatusOptions& options, const char* before, std::ostream& out, std::ostream& err) {
  const auto answer = http_get(reachable(options.address.host), options.address.port, "/api/v1/status");
  const auto status = answer.and_then([](const std::string& json) { return parse_status(json); });
  if (!status) {
    err << "mme-agent status: " << printable(status.error().message) << '\n';
    return 1;
  }
  out << before << (options.json ? *answer : status_text(*status, options.color)) << std::flush;
  if (!out) {
    err << "mme-agent status: cannot write to the standard output (is the disk full, or did its reader end?)\n";
    return 1;
  }
  return status->problems.empty() ? 0 : 3;
}

}  // namespace

int run_status(const StatusOptions& options, std::ostream& out, std::ostream& err) {
  if (options.watch_s == 0) return show(options, "", out, err);
  const char* clear_screen = "\033[H\033[2J";
  const char* before = "";
  while (out.good()) {
    (void)show(options, options.color && !options.json ? clear_screen : before, out, err);
    before = options.json ? "" : "\n";
    std::this_thread::sleep_for(std::chrono::seconds(options.watch_s));
  }
  return 1;  // nobody reads any more
}

}  // namespace mme

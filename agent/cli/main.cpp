// SPDX-License-Identifier: Apache-2.0
#include "cli/main.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor.h"
#include "cli/printable.h"
#include "cli/slow.h"
#include "cli/status.h"
#include "config/message.h"
#include "config/units.h"
#include "daemon/rules.h"
#include "daemon/run.h"
#include "daemon/uris.h"
#include "daemon/version.h"

namespace mme {
namespace {

constexpr int kUsage = 2;

// https://no-color.org
bool color_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string(terminal) == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && !dumb && (no_color == nullptr || *no_color == '\0');
}

// Of the terminal that is the standard output.
std::optional<size_t> terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return size.ws_col;
}

// Texts as they were typed, before they are understood.
struct Arguments {
  std::string config_file;
  std::string listen;
  std::string log_level;
  std::string log_format;
  std::string address;
  bool check = false;
  bool json = false;
  int watch_s = 0;
  std::string since;
  std::string by;
  SlowOptions slow;
};

std::string check_address(const std::string& text) {
  const auto address = parse_listen_address(text);
  return address ? "" : address.error().message;
}

CLI::App* add_run(CLI::App& app, Arguments& arguments) {
  CLI::App* run = app.add_subcommand("run", "Observe this host and serve the metrics, until SIGTERM.");
  run->add_option("--config.file", arguments.config_file, "YAML file; without it every traefik and mongod is observed")
      ->type_name("FILE");
  run->add_flag("--config.check", arguments.check, "only say what is wrong with the file, and exit");
  run->add_option("--web.listen-address", arguments.listen, "where to serve, instead of web.listen of the file")
      ->type_name("ADDRESS:PORT")
      ->check(check_address);
  run->add_option("--log.level", arguments.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  run->add_option("--log.format", arguments.log_format, "logfmt or json")->check(CLI::IsMember({"logfmt", "json"}));
  return run;
}

CLI::App* add_status(CLI::App& app, Arguments& arguments) {
  CLI::App* status = app.add_subcommand("status", "What the running agent sees: targets, rates, latencies, skips.");
  status->add_flag("--json", arguments.json, "as JSON");
  status->add_option("--watch", arguments.watch_s, "again every N seconds, until interrupted")
      ->type_name("N")
      ->check(CLI::Range(1, 3600));
  status->add_option("--address", arguments.address, "where the agent serves (127.0.0.1:9477)")
      ->type_name("ADDRESS:PORT")
      ->check(check_address);
  return status;
}

std::string check_duration(const std::string& text) {
  const auto duration = parse_duration(text);
  return duration ? "" : duration.error().message;
}

CLI::App* add_slow(CLI::App& app, Arguments& arguments) {
  CLI::App* slow = app.add_subcommand("slow", "The MongoDB commands that took longer than slow.threshold.");
  SlowOptions& options = arguments.slow;
  slow->add_option("--config.file", arguments.config_file, "the agent's file, whose slow.file is read")
      ->type_name("FILE");
  slow->add_option("--file", options.file, std::string("what is read instead (") + kSlowFile + ")")->type_name("FILE");
  slow->add_option("-n,--lines", options.lines, "so many, the newest; with --by, those of the most time (20)")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000));
  slow->add_option("--since", arguments.since, "none that are older, such as 10m or 2h")
      ->type_name("DURATION")
      ->check(check_duration);
  slow->add_option("--target", options.filter.target, "of this target alone")->type_name("NAME");
  slow->add_option("--database", options.filter.database, "in this database alone")->type_name("NAME");
  slow->add_option("--collection", options.filter.collection, "on this collection alone")->type_name("NAME");
  slow->add_option("--command", options.filter.command, "this command alone, such as find")->type_name("NAME");
  slow->add_option("--app", options.filter.application, "of this application alone (appName)")->type_name("NAME");
  CLI::Option* follow = slow->add_flag("-f,--follow", options.follow, "then those that come, until interrupted");
  slow->add_option("--by", arguments.by, "in groups, with percentiles: by shape, namespace, app or command")
      ->check(CLI::IsMember({"shape", "namespace", "app", "command"}))
      ->excludes(follow);
  slow->add_flag("--json", arguments.json, "as JSON: the lines of the file, or an array of groups");
  return slow;
}

CLI::App* add_doctor(CLI::App& app, Arguments& arguments) {
  CLI::App* doctor = app.add_subcommand("doctor", "What this host offers and lacks for the agent, with the mends.");
  doctor->add_flag("--json", arguments.json, "as JSON");
  doctor->add_option("--config.file", arguments.config_file, "the file that `run` would take")->type_name("FILE");
  doctor->add_option("--web.listen-address", arguments.listen, "the address that `run` would take")
      ->type_name("ADDRESS:PORT")
      ->check(check_address);
  return doctor;
}

RunOptions run_options(const Arguments& arguments) {
  RunOptions options;
  options.config_file = arguments.config_file;
  if (!arguments.listen.empty()) options.listen = parse_listen_address(arguments.listen).value();
  options.log_level = parse_log_level(arguments.log_level);
  options.log_format = parse_log_format(arguments.log_format);
  return options;
}

int status(const Arguments& arguments) {
  StatusOptions options;
  if (!arguments.address.empty()) options.address = parse_listen_address(arguments.address).value();
  options.json = arguments.json;
  options.watch_s = arguments.watch_s;
  options.color = color_wanted();
  return run_status(options, std::cout, std::cerr);
}

int slow(const Arguments& arguments) {
  SlowOptions options = arguments.slow;
  options.config_file = arguments.config_file;
  options.json = arguments.json;
  options.width = terminal_width();
  options.by = mongo::parse_slow_grouping(arguments.by);
  if (!arguments.since.empty()) {
    options.filter.since = std::chrono::system_clock::now() - parse_duration(arguments.since).value();
  }
  return run_slow(options, std::cout, std::cerr);
}

int doctor(const Arguments& arguments) {
  const auto config = read_config(run_options(arguments));
  if (!config) {
    std::cerr << to_string(config.error()) << '\n';
    return kUsage;
  }
  DoctorOptions options;
  options.json = arguments.json;
  options.color = color_wanted();
  options.rules = target_rules(*config);
  options.compat_traefik = config->compat_traefik;
  options.mongods = asked_mongods(*config);
  options.uri_warnings = uri_warnings(*config);
  options.listen = to_string(config->listen);
  return run_doctor(std::cout, options);
}

// CLI11 says of an unknown command only that one is missing. Empty: the first argument is a command or an option.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  const std::string given = argc > 1 ? argv[1] : "-";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (given.starts_with('-') || std::find(names.begin(), names.end(), given) != names.end()) return {};
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = nearest(given, known);
  return fmt::format("no such command: {}{}\nThe commands are {}; see mme-agent --help.", printable(given),
                     near ? fmt::format("; did you mean {}?", *near) : std::string(), fmt::join(known, ", "));
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("HTTP and MongoDB latency from the kernel: observes Traefik and mongod, and serves Prometheus.",
               "mme-agent");
  app.set_version_flag("--version", std::string("mme-agent ") + version() + " (" + revision() + ")");
  app.require_subcommand(1);
  Arguments arguments;
  const CLI::App* run_command = add_run(app, arguments);
  const CLI::App* status_command = add_status(app, arguments);
  const CLI::App* slow_command = add_slow(app, arguments);
  add_doctor(app, arguments);
  if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
    std::cerr << unknown << '\n';
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;  // help and version are no errors
  }

  if (run_command->parsed()) {
    const RunOptions options = run_options(arguments);
    return arguments.check ? check_config(options, std::cout, std::cerr) : run_agent(options, std::cerr);
  }
  if (slow_command->parsed()) return slow(arguments);
  return status_command->parsed() ? status(arguments) : doctor(arguments);
}

}  // namespace mme

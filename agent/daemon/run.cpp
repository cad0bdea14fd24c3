// SPDX-License-Identifier: Apache-2.0
#include "daemon/run.h"

#include <malloc.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <ostream>

#include "daemon/agent.h"
#include "daemon/process_usage.h"
#include "daemon/uris.h"
#include "daemon/version.h"
#include "web/server.h"

namespace mme {
namespace {

constexpr int kManyCpus = 128;  // for comparison: some maps have a copy a possible CPU
constexpr timespec kScanEvery = {.tv_sec = 0, .tv_nsec = 250'000'000};

Config with_options(Config config, const RunOptions& options) {
  if (options.listen) config.listen = *options.listen;
  if (options.log_level) config.log_level = *options.log_level;
  if (options.log_format) config.log_format = *options.log_format;
  return config;
}

// The signals that the loop takes one by one. Threads that are made later inherit the mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

class Daemon {
 public:
  Daemon(Config config, const RunOptions& options, Logger& logger)
      : config_(std::move(config)), options_(options), logger_(logger) {}

  int run(const sigset_t& signals);

 private:
  [[nodiscard]] Result<> start();
  [[nodiscard]] WebPages pages();
  void reload();
  void log_uri_warnings();

  Config config_;
  const RunOptions& options_;
  Logger& logger_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<WebServer> web_;  // asks the agent: goes first
};

WebPages Daemon::pages() {
  return {.metrics = [this](Subset subset) { return agent_->metrics(subset); },
          .problems = [this] { return agent_->problems(); },
          .status_json = [this] { return agent_->status().map([](const Status& status) { return to_json(status); }); }};
}

Result<> Daemon::start() {
  logger_.info("loading the BPF programs", {{"version", version()}, {"revision", revision()}});
  log_uri_warnings();
  if (auto free = can_listen(config_.listen.host, config_.listen.port); !free) return free;
  auto agent = Agent::load(config_, logger_);
  if (!agent) return tl::make_unexpected(agent.error());
  agent_ = std::move(*agent);
  const int cpus = possible_cpus();
  logger_.info("mme-agent starts", {{"version", version()},
                                    {"revision", revision()},
                                    {"kernel_memory_bytes", agent_->map_bytes(cpus)},
                                    {"kernel_memory_bytes_128_cpus", agent_->map_bytes(kManyCpus)},
                                    {"connection_memory_bytes", agent_->connection_bytes()},
                                    {"possible_cpus", cpus}});
  agent_->tick(Agent::Clock::now());

  auto web = WebServer::start(config_.listen.host, config_.listen.port, pages());
  if (!web) return tl::make_unexpected(web.error());
  web_ = std::move(*web);
  logger_.info("listening", {{"address", to_string(config_.listen)}});
  return {};
}

int Daemon::run(const sigset_t& signals) {
  if (const auto started = start(); !started) {
    logger_.error("cannot start", {{"error", started.error().message}});
    return 1;
  }
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &kScanEvery);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) reload();
    agent_->tick(Agent::Clock::now());
  }
  logger_.info("mme-agent stops");
  return 0;
}

void Daemon::log_uri_warnings() {
  for (const std::string& warning : uri_warnings(config_)) logger_.warn("credentials are not safe", {{"why", warning}});
}

void Daemon::reload() {
  if (options_.config_file.empty()) {
    logger_.info("nothing to read again: there is no --config.file");
    return;
  }
  const auto wanted = read_config(options_);
  agent_->set_config_ok(wanted.has_value());
  if (!wanted) {
    for (const ConfigError& error : wanted.error()) {
      logger_.error("configuration refused, the old one stays", {{"error", to_string(error)}});
    }
    return;
  }
  for (const std::string& key : compare(config_, *wanted).restart) {
    logger_.warn("this change needs a restart of the agent", {{"key", key}});
  }
  config_ = reloaded(config_, *wanted);
  logger_.set_level(config_.log_level);
  logger_.set_format(config_.log_format);
  log_uri_warnings();
  agent_->reconfigure(config_);
  logger_.info("configuration read", {{"file", options_.config_file}});
}

}  // namespace

tl::expected<Config, ConfigErrors> read_config(const RunOptions& options) {
  if (options.config_file.empty()) return with_options(Config{}, options);
  auto config = load_config(options.config_file);
  if (!config) return config;
  if (ConfigErrors errors = read_uris(*config, options.config_file); !errors.empty()) {
    return tl::make_unexpected(std::move(errors));
  }
  return with_options(std::move(*config), options);
}

int check_config(const RunOptions& options, std::ostream& out, std::ostream& err) {
  if (const auto config = read_config(options); !config) {
    err << to_string(config.error()) << '\n';
    return 2;
  }
  out << (options.config_file.empty() ? "the defaults" : options.config_file) << ": ok\n";
  return 0;
}

int run_agent(const RunOptions& options, std::ostream& err) {
  // A scrape takes megabytes for some milliseconds: its blocks are to go back to the system at once, and the rest is to
  // be in one heap.
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  mallopt(M_ARENA_MAX, 1);
  const sigset_t signals = block_signals();
  auto config = read_config(options);
  if (!config) {
    err << to_string(config.error()) << '\n';
    return 2;
  }
  Logger logger(config->log_level, config->log_format);
  return Daemon(std::move(*config), options, logger).run(signals);
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "cli/slow.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <ostream>
#include <utility>
#include <vector>

#include "cli/printable.h"
#include "cli/slow_text.h"
#include "config/config.h"

namespace mme {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr long kPoll_ns = 250'000'000;
constexpr const char* kMend =
    "The agent writes it when slow.file is set and a command takes longer than slow.threshold; name the agent's "
    "configuration (--config.file) or the file itself (--file).";

void complain(std::ostream& err, const std::string& message) {
  err << "mme-agent slow: " << printable(message) << '\n';
}

// Or the exit code.
tl::expected<std::string, int> file_of(const SlowOptions& options, std::ostream& err) {
  if (!options.file.empty()) return options.file;
  if (options.config_file.empty()) return kSlowFile;
  const auto config = load_config(options.config_file);
  if (!config) {
    err << to_string(config.error()) << '\n';
    return tl::make_unexpected(kUsage);
  }
  if (!config->slow.file.empty()) return config->slow.file;
  complain(err, options.config_file +
                    " has no slow.file, so the agent writes slow commands nowhere; set it, for "
                    "instance to " +
                    kSlowFile + ", and reload the agent");
  return tl::make_unexpected(kFailure);
}

class Output {
 public:
  Output(const SlowOptions& options, std::ostream& out)
      : json_(options.json), follow_(options.follow), out_(out), table_(slow_table(options.width, options.follow)) {}

  void show(const std::vector<mongo::SlowLine>& lines) {
    if (!json_) {
      out_ << table_.add(slow_rows(lines, follow_));
    } else {
      for (const mongo::SlowLine& line : lines) out_ << line.text << '\n';
    }
    out_ << std::flush;
  }

 private:
  bool json_;
  bool follow_;
  std::ostream& out_;
  Table table_;
};

void note_none(const std::string& file, std::ostream& err) {
  complain(err, "no command in " + file + " is meant; it has those that took longer than slow.threshold");
}

void note_damaged(const mongo::SlowLines& lines, const std::string& file, std::ostream& err) {
  if (lines.damaged() == 0) return;
  complain(err, "passed over " + std::to_string(lines.damaged()) + " damaged " +
                    (lines.damaged() == 1 ? "line" : "lines") + " of " + file);
}

int exit_code(const std::ostream& out, std::ostream& err) {
  if (out.good()) return 0;
  complain(err, "cannot write to the standard output (is the disk full, or did its reader end?)");
  return kFailure;
}

// A signal that ends us, within the time of one poll.
bool is_over(const sigset_t& signals) {
  const timespec wait{0, kPoll_ns};
  return ::sigtimedwait(&signals, nullptr, &wait) > 0;
}

// False: there are none.
bool show_groups(mongo::SlowFiles& files, mongo::SlowLines& lines, const SlowOptions& options, std::ostream& out) {
  mongo::SlowGroups collected(*options.by);
  files.each(lines, [&](const mongo::SlowCommand& command) { collected.add(command); });
  auto groups = collected.by_total();
  const bool any = !groups.empty();
  groups.resize(std::min(groups.size(), options.lines));
  if (options.json) {
    out << to_json(groups, *options.by);
  } else if (!groups.empty()) {
    out << slow_groups_text(groups, options.width);
  }
  out << std::flush;
  return any;
}

void follow(mongo::SlowFollower follower, mongo::SlowLines& lines, Output& output, const std::ostream& out,
            const sigset_t& signals) {
  for (bool over = false; out.good() && !over;) {
    over = is_over(signals);  // and then a last look, for what came before the signal
    std::vector<mongo::SlowLine> news;
    follower.poll([&](std::string_view line) {
      if (auto meant = lines.take(line)) news.push_back(std::move(*meant));
    });
    if (!news.empty()) output.show(news);
  }
}

}  // namespace

int run_slow(const SlowOptions& options, std::ostream& out, std::ostream& err) {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (options.follow) ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto file = file_of(options, err);
  if (!file) return file.error();
  mongo::SlowLines lines(options.filter);
  Output output(options, out);
  bool missing = false;
  auto files = mongo::SlowFiles::open(*file, missing);
  if (!files) {
    complain(err, files.error().message);
    if (missing) err << kMend << '\n';
    if (!missing || !options.follow) return kFailure;
    err << "Waiting for it.\n" << std::flush;
    follow({*file, std::nullopt}, lines, output, out, signals);
  } else if (options.by) {
    if (!show_groups(*files, lines, options, out)) note_none(*file, err);
  } else {
    const auto newest = files->newest(lines, options.lines, options.follow);
    if (!newest.empty()) output.show(newest);
    if (newest.empty() && options.lines > 0 && !options.follow) note_none(*file, err);
    if (options.follow) follow({*file, std::move(*files).release_newest()}, lines, output, out, signals);
  }
  note_damaged(lines, *file, err);
  return exit_code(out, err);
}

}  // namespace mme

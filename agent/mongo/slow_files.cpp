// SPDX-License-Identifier: Apache-2.0
#include "mongo/slow_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "mongo/slow_log.h"

namespace mme::mongo {
namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_named(const std::string& file, const struct stat& wanted) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && is_same(status, wanted);
}

std::optional<LineReader> opened(const std::string& file) {
  bool missing = false;
  auto reader = open_lines(file, missing);
  if (!reader) return std::nullopt;
  return std::move(*reader);
}

// Every line, and what stands behind the last one if it is wanted.
void read_lines(LineReader& reader, bool unfinished, const std::function<void(std::string_view)>& use) {
  while (const auto line = reader.next()) use(*line);
  if (unfinished) use(reader.unfinished());
}

}  // namespace

bool matches(const SlowFilter& filter, const SlowCommand& command) {
  const auto is = [](const std::string& wanted, const std::string& text) { return wanted.empty() || wanted == text; };
  return is(filter.target, command.target) && is(filter.database, command.database) &&
         is(filter.collection, command.collection) && is(filter.command, command.command) &&
         is(filter.application, command.application) && (!filter.since || command.time >= *filter.since);
}

std::optional<SlowLine> SlowLines::take(std::string_view line) {
  if (line.empty()) return std::nullopt;
  auto command = from_json_line(line);
  if (!command) {
    ++damaged_;
    return std::nullopt;
  }
  if (!matches(filter_, *command)) return std::nullopt;
  return SlowLine{std::string(line), std::move(*command)};
}

Result<SlowFiles> SlowFiles::open(const std::string& file, bool& missing) {
  // From the newest to the oldest, as they move when they rotate: none is missed, but one may be met twice.
  SlowFiles files;
  std::vector<struct stat> seen;
  std::optional<Error> first_missing;
  for (uint32_t index = 0; index <= kSlowLogFilesMax; ++index) {
    auto reader = open_lines(rotated_name(file, index), missing);
    if (!reader && !missing) return tl::make_unexpected(reader.error());
    if (!reader) {
      if (!first_missing) first_missing = reader.error();
      continue;
    }
    struct stat status {};
    if (::fstat(reader->fd(), &status) != 0) continue;
    if (std::any_of(seen.begin(), seen.end(), [&](const struct stat& one) { return is_same(one, status); })) continue;
    seen.push_back(status);
    files.readers_.push_back(std::move(*reader));
  }
  missing = files.readers_.empty();
  if (missing) return tl::make_unexpected(*first_missing);
  return files;
}

std::vector<SlowLine> SlowFiles::newest(SlowLines& lines, size_t count, bool growing) {
  std::deque<SlowLine> newest;
  for (LineReader& reader : readers_) {
    const bool is_newest = &reader == &readers_.front();
    const size_t wanted = count - newest.size();
    if (wanted == 0 && !is_newest) break;
    std::deque<SlowLine> of_file;
    read_lines(reader, !(is_newest && growing), [&](std::string_view line) {
      if (auto meant = lines.take(line)) of_file.push_back(std::move(*meant));
      if (of_file.size() > wanted) of_file.pop_front();
    });
    newest.insert(newest.begin(), std::move_iterator(of_file.begin()), std::move_iterator(of_file.end()));
  }
  return {std::move_iterator(newest.begin()), std::move_iterator(newest.end())};
}

void SlowFiles::each(SlowLines& lines, const std::function<void(const SlowCommand&)>& use) {
  for (auto reader = readers_.rbegin(); reader != readers_.rend(); ++reader) {
    read_lines(*reader, true, [&](std::string_view line) {
      if (const auto meant = lines.take(line)) use(meant->command);
    });
  }
}

void SlowFollower::poll(const std::function<void(std::string_view)>& use) {
  if (!current_) current_ = opened(file_);
  if (!current_) return;
  drain(use);
  while (auto next = successor()) {
    drain(use);  // it may have grown until it was put aside
    current_ = std::move(next);
    drain(use);
  }
}

void SlowFollower::drain(const std::function<void(std::string_view)>& use) {
  read_lines(*current_, false, use);
}

// The file that was begun when the current one was put aside; nothing: it is not, or the rotation goes on.
std::optional<LineReader> SlowFollower::successor() const {
  struct stat current {};
  if (::fstat(current_->fd(), &current) != 0 || is_named(file_, current)) return std::nullopt;
  for (uint32_t index = 1; index <= kSlowLogFilesMax; ++index) {
    const std::string name = rotated_name(file_, index);
    if (!is_named(name, current)) continue;
    auto next = opened(rotated_name(file_, index - 1));
    // Moved on meanwhile? Then the one before it was another one.
    return is_named(name, current) ? std::move(next) : std::nullopt;
  }
  return opened(file_);  // somebody else took it away, or it was put aside too often
}

}  // namespace mme::mongo

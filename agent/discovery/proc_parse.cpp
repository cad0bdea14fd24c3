// SPDX-License-Identifier: Apache-2.0
#include "discovery/proc_parse.h"

#include <array>
#include <charconv>

#include "discovery/address.h"

namespace mme {
namespace {

constexpr std::string_view deleted_suffix = " (deleted)";

template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Cuts the part before `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return part;
}

// The next word; blanks around it are dropped.
std::string_view take_word(std::string_view& rest) {
  const size_t begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  return take(rest, ' ');
}

std::string_view without_deleted(std::string_view path) {
  if (path.ends_with(deleted_suffix)) path.remove_suffix(deleted_suffix.size());
  return path;
}

// "0100007F:1F90": the kernel prints each 32-bit word of the address in the machine's own byte order.
bool parse_endpoint(std::string_view text, ListenSocket& socket) {
  const std::string_view address = take(text, ':');
  if (address.size() != 8 && address.size() != 32) return false;
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i < address.size() / 8; ++i) {
    const auto word = number<uint32_t>(address.substr(i * 8, 8), 16);
    if (!word) return false;
    words[i] = *word;
  }
  const auto port = number<uint16_t>(text, 16);
  if (!port) return false;
  socket.address = address.size() == 8 ? format_ipv4(words.data()) : format_ipv6(words.data());
  socket.port = *port;
  return true;
}

// sl local rem st tx:rx tr:tm->when retrnsmt uid timeout inode …
std::optional<ListenSocket> parse_tcp_line(std::string_view line) {
  ListenSocket socket;
  take_word(line);
  if (!parse_endpoint(take_word(line), socket)) return std::nullopt;
  take_word(line);
  if (take_word(line) != "0A") return std::nullopt;  // TCP_LISTEN
  for (int i = 0; i < 5; ++i) take_word(line);
  const auto inode = number<uint64_t>(take_word(line));
  if (!inode) return std::nullopt;
  socket.inode = *inode;
  return socket;
}

std::string unescape_octal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto code = text[0] == '\\' && text.size() >= 4 ? number<uint8_t>(text.substr(1, 3), 8) : std::nullopt;
    out += code ? static_cast<char>(*code) : text[0];
    text.remove_prefix(code ? 4 : 1);
  }
  return out;
}

}  // namespace

std::optional<ProcStat> parse_stat(std::string_view text) {
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');  // comm may hold parentheses itself
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  ProcStat stat;
  std::string_view before = text.substr(0, open);
  std::string_view rest = text.substr(close + 1);
  const auto pid = number<pid_t>(take_word(before));
  const std::string_view state = take_word(rest);
  const auto ppid = number<pid_t>(take_word(rest));
  for (int i = 0; i < 4; ++i) take_word(rest);  // pgrp session tty_nr tpgid
  const auto flags = number<uint32_t>(take_word(rest));
  for (int i = 0; i < 12; ++i) take_word(rest);  // minflt … itrealvalue
  const auto start = number<uint64_t>(take_word(rest));
  if (!pid || state.size() != 1 || !ppid || !flags || !start) return std::nullopt;
  stat.pid = *pid;
  stat.comm = text.substr(open + 1, close - open - 1);
  stat.state = state[0];
  stat.ppid = *ppid;
  stat.flags = *flags;
  stat.start_ticks = *start;
  return stat;
}

std::vector<ListenSocket> parse_proc_net_tcp(std::string_view text) {
  std::vector<ListenSocket> sockets;
  take(text, '\n');  // the header
  while (!text.empty()) {
    if (auto socket = parse_tcp_line(take(text, '\n'))) sockets.push_back(std::move(*socket));
  }
  return sockets;
}

std::optional<std::string> parse_proc_cgroup(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (!line.starts_with("0::")) continue;
    line.remove_prefix(3);
    return std::string(without_deleted(line));
  }
  return std::nullopt;
}

std::vector<std::string> parse_cmdline(std::string_view text, size_t limit) {
  std::vector<std::string> arguments;
  while (!text.empty() && arguments.size() < limit) arguments.emplace_back(take(text, '\0'));
  return arguments;
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    Mount mount;
    for (int i = 0; i < 3; ++i) take_word(line);  // mount id, parent id, major:minor
    mount.root = unescape_octal(take_word(line));
    mount.mount_point = unescape_octal(take_word(line));
    mount.options = take_word(line);
    while (!line.empty() && take_word(line) != "-") {  // optional fields
    }
    mount.fs_type = take_word(line);
    if (!mount.fs_type.empty()) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<uint64_t> parse_socket_link(std::string_view link) {
  constexpr std::string_view prefix = "socket:[";
  if (!link.starts_with(prefix) || !link.ends_with(']')) return std::nullopt;
  return number<uint64_t>(link.substr(prefix.size(), link.size() - prefix.size() - 1));
}

std::optional<uint64_t> parse_status_field(std::string_view text, std::string_view field, int base) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (take(line, ':') != field) continue;
    return number<uint64_t>(take_word(line), base);
  }
  return std::nullopt;
}

std::optional<pid_t> parse_last_pid(std::string_view text) {
  std::string_view line = take(text, '\n');
  for (int i = 0; i < 4; ++i) take_word(line);
  return number<pid_t>(take_word(line));
}

std::string base_name(std::string_view path) {
  path = without_deleted(path);
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "unit/protocol/corpus.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "unit/protocol/bson.h"

namespace mme::test {
namespace {

// Segments stay below what BPF_PROG_TEST_RUN takes as one packet.
constexpr size_t kSegmentBytes = 1400;

std::string unescape(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      bytes += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        bytes += '\r';
        break;
      case 'n':
        bytes += '\n';
        break;
      case 't':
        bytes += '\t';
        break;
      case 's':
        bytes += ' ';
        break;
      case 'x':
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default:
        bytes += text[i];
    }
  }
  return bytes;
}

std::string next_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  std::string word(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// ID | [flags=N |] SECTION | SECTION …: a section is a body {…} or a sequence name:[…]
std::string message(bool is_request, std::string_view text) {
  const auto id = static_cast<uint32_t>(std::stoul(next_word(text)));
  uint32_t flags = 0;
  std::string sections;
  text.remove_prefix(std::min<size_t>(2, text.size()));
  for (size_t end = 0; end != std::string_view::npos;) {
    end = text.find(" | ");
    const std::string part(text.substr(0, end));
    if (part.starts_with("flags=")) {
      flags = static_cast<uint32_t>(std::stoul(part.substr(6), nullptr, 0));
    } else if (part.starts_with("{")) {
      sections += body_section(Json::parse(part));
    } else {
      const size_t colon = part.find(':');
      sections += sequence_section(part.substr(0, colon), Json::parse(part.substr(colon + 1)));
    }
    if (end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  return is_request ? op_msg(id, 0, flags, sections) : op_msg(id + 100000, id, flags, sections);
}

std::string content(bool is_request, const std::string& kind, std::string_view rest) {
  if (kind.empty()) return unescape(rest);
  if (kind == "hex") return unhex(rest);
  if (kind == "msg") return message(is_request, rest);
  if (kind.starts_with('*')) {
    std::string bytes;
    for (unsigned long i = 0; i < std::stoul(kind.substr(1)); i++) bytes += unescape(rest);
    return bytes;
  }
  const auto id = static_cast<uint32_t>(std::stoul(next_word(rest)));
  if (kind == "query") {
    const std::string collection = next_word(rest);
    return op_query(id, collection, Json::parse(rest));
  }
  if (kind == "reply") return op_reply(id, Json::parse(rest));
  if (kind == "compressed") return op_compressed(is_request ? id : id + 100000, is_request ? 0 : id, unhex(rest));
  throw std::runtime_error("unknown kind " + kind);
}

void add_line(Conversation& conversation, Line line) {
  auto& lines = conversation.lines;
  line.now_ns = lines.empty() ? 1000000 : lines.back().now_ns;
  if (!lines.empty() && lines.back().is_request != line.is_request) line.now_ns += 1000000;
  while (line.bytes.size() > kSegmentBytes) {
    Line head = line;
    head.bytes.resize(kSegmentBytes);
    head.fin = false;
    lines.push_back(std::move(head));
    line.bytes.erase(0, kSegmentBytes);
  }
  lines.push_back(std::move(line));
}

void read_line(Conversation& conversation, std::string_view text) {
  const std::string word = next_word(text);
  if (word.starts_with('>') || word.starts_with('<')) {
    Line line;
    line.is_request = word[0] == '>';
    std::string kind = word.substr(1);
    if (kind == "fin") {
      line.fin = true;
    } else {
      line.urgent = kind == "urgent";
      if (line.urgent) kind.clear();
      line.bytes = content(line.is_request, kind, text);
    }
    add_line(conversation, std::move(line));
  } else if (word == "role") {
    conversation.role = text == "entrypoint" ? MME_ROLE_ENTRYPOINT
                        : text == "upstream" ? MME_ROLE_UPSTREAM
                                             : MME_ROLE_MONGOD;
  } else if (word == "older") {
    conversation.older = conversation.whole = true;
  } else if (word == "whole") {
    conversation.whole = true;
  } else if (word == "=") {
    conversation.samples.emplace_back(text);
  } else if (word == "!") {
    const std::string reason = next_word(text);
    conversation.skipped_messages[reason] = std::stoul(std::string(text));
  } else {
    throw std::runtime_error("unknown word " + word);
  }
}

Conversation read_conversation(const std::filesystem::path& path) {
  Conversation conversation;
  conversation.name = path.stem().string();
  std::ifstream file(path);
  size_t number = 0;
  for (std::string text; std::getline(file, text);) {
    number++;
    if (text.empty() || text.starts_with('#')) continue;
    try {
      read_line(conversation, text);
    } catch (const std::exception& error) {
      throw std::runtime_error(path.filename().string() + ':' + std::to_string(number) + ": " + error.what());
    }
  }
  return conversation;
}

void add_pieces(Replay& replay, const Conversation& conversation, size_t line, const std::vector<size_t>& cuts) {
  const Line& l = conversation.lines[line];
  size_t from = 0;
  for (const size_t cut : cuts) {
    replay.packets.push_back({line, from, cut - from, false});
    from = cut;
  }
  replay.packets.push_back({line, from, l.bytes.size() - from, l.fin});
}

}  // namespace

std::string skip_reason(unsigned reason) {
  static constexpr std::array<const char*, MME_SKIPS> names{
      "unsynced",   "gap",           "reorder",      "duplicate", "out_of_window",
      "rejected",   "malformed",     "tls",          "http2",     "upgraded",
      "urgent",     "head_too_long", "budget",       "scratch",   "connection_cap",
      "no_request", "no_reply",      "pending_full", "headers",   "internal"};
  return names.at(reason);
}

std::vector<Conversation> read_corpus() {
  std::vector<Conversation> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(MME_CORPUS))
    if (entry.path().extension() == ".txt") corpus.push_back(read_conversation(entry.path()));
  std::sort(corpus.begin(), corpus.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return corpus;
}

Replay whole(const Conversation& conversation) {
  Replay replay{"whole", {}};
  for (size_t i = 0; i < conversation.lines.size(); i++) add_pieces(replay, conversation, i, {});
  return replay;
}

Replay in_pieces(const Conversation& conversation, size_t bytes) {
  Replay replay{"in pieces of " + std::to_string(bytes), {}};
  for (size_t i = 0; i < conversation.lines.size(); i++) {
    std::vector<size_t> cuts;
    for (size_t cut = bytes; cut < conversation.lines[i].bytes.size(); cut += bytes) cuts.push_back(cut);
    add_pieces(replay, conversation, i, cuts);
  }
  return replay;
}

std::vector<Replay> cut_everywhere(const Conversation& conversation) {
  std::vector<Replay> replays;
  for (size_t line = 0; line < conversation.lines.size(); line++) {
    for (size_t cut = 1; cut < conversation.lines[line].bytes.size(); cut++) {
      Replay replay{"line " + std::to_string(line) + " cut at " + std::to_string(cut), {}};
      for (size_t i = 0; i < conversation.lines.size(); i++)
        add_pieces(replay, conversation, i, i == line ? std::vector{cut} : std::vector<size_t>{});
      replays.push_back(std::move(replay));
    }
  }
  return replays;
}

Replay duplicated(const Replay& replay) {
  Replay twice{replay.name + ", each twice", {}};
  for (const Packet& packet : replay.packets) {
    twice.packets.push_back(packet);
    twice.packets.push_back(packet);
  }
  return twice;
}

Replay swapped(const Conversation& conversation, const Replay& replay) {
  Replay result{replay.name + ", neighbours swapped", replay.packets};
  auto& packets = result.packets;
  for (size_t i = 0; i + 1 < packets.size(); i++) {
    const Line& a = conversation.lines[packets[i].line];
    const Line& b = conversation.lines[packets[i + 1].line];
    const bool ingress = mme_is_request(conversation.role, 1) == a.is_request;
    const bool movable = packets[i].bytes && packets[i + 1].bytes && !a.urgent && !b.urgent;
    if (a.is_request != b.is_request || !ingress || !movable) continue;
    std::swap(packets[i], packets[i + 1]);
    i++;
  }
  return result;
}

std::vector<Replay> every_replay(const Conversation& conversation) {
  const Replay one = whole(conversation);
  if (conversation.whole) return {one, duplicated(one)};
  std::vector<Replay> replays = cut_everywhere(conversation);
  for (const size_t bytes : {1, 2, 3, 5, 7, 8, 9, 13, 16, 31, 100, 511, 512, 513}) {
    const Replay pieces = in_pieces(conversation, bytes);
    replays.push_back(pieces);
    replays.push_back(duplicated(pieces));
    replays.push_back(swapped(conversation, pieces));
  }
  replays.insert(replays.begin(), {one, duplicated(one), swapped(conversation, one)});
  return replays;
}

}  // namespace mme::test

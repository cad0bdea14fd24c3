// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/utf8.h"
#include "config/message.h"

namespace mme {
namespace {

// yaml-cpp lets a quoted text end with the blanks at the end of the file; behind a comment it does not.
constexpr std::string_view kEndMark = "\n#";

Position end_of(std::string_view text) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  const size_t last_line_bytes = text.size() - (text.rfind('\n') + 1);  // npos + 1 is 0
  return {static_cast<int>(lines), static_cast<int>(last_line_bytes) + 1};
}

// The end mark is no place in the file.
Position position(const YAML::Mark& mark, Position end) {
  if (mark.is_null()) return {};
  if (mark.line >= end.line) return end;
  return {mark.line + 1, mark.column + 1};
}

// Ends the parsing from inside a callback; caught in read_document.
struct Stop {
  Position at;
  std::string problem;
  std::string mend;
};

// Builds the tree from yaml-cpp's events rather than from its Node: so depth and size are bounded while the text is
// read, and keys keep their positions and duplicates.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Position end) : end_(end) {}

  Document take() {
    if (document_.nodes.empty()) document_.nodes.emplace_back();
    return std::move(document_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      throw Stop{at(mark), "a second document begins here", "a configuration is one document"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (key_expected()) return set_key(mark, "");
    close(open(mark, anchor, {.kind = NodeKind::null, .at = at(mark), .text = {}, .children = {}}));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool quoted = tag == "!";
    if (!quoted) refuse_tag(mark, tag);
    if (key_expected()) return set_key(mark, value);
    close(open(mark, anchor,
               {.kind = NodeKind::scalar, .at = at(mark), .text = value, .plain = !quoted, .children = {}}));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (key_expected()) throw Stop{at(mark), "an alias cannot be a key", "write the key out"};
    // An anchor is known once its node is complete, so that no node can contain itself.
    if (found == anchors_.end()) throw Stop{at(mark), "an alias cannot be inside its own anchor", {}};
    count(mark, document_.nodes[found->second].expanded_nodes);
    attach(found->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, NodeKind::list);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, NodeKind::map);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    size_t node = 0;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<Node::Child> key;  // a map's key that waits for its value
  };

  [[nodiscard]] bool key_expected() const {
    return !frames_.empty() && document_.nodes[frames_.back().node].kind == NodeKind::map && !frames_.back().key;
  }

  [[nodiscard]] Position at(const YAML::Mark& mark) const { return position(mark, end_); }

  void set_key(const YAML::Mark& mark, const std::string& key) {
    count(mark, 1);
    frames_.back().key = Node::Child{.key = key, .key_at = at(mark)};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag != "?" && !tag.empty()) throw Stop{at(mark), "tags are not supported", "remove the tag"};
  }

  void count(const YAML::Mark& mark, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kDocumentNodesMax) {
      throw Stop{at(mark), fmt::format("more than {} values, aliases written out", kDocumentNodesMax), {}};
    }
  }

  Frame open(const YAML::Mark& mark, YAML::anchor_t anchor, Node node) {
    count(mark, 1);
    document_.nodes.push_back(std::move(node));
    return {document_.nodes.size() - 1, anchor, std::nullopt};
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    refuse_tag(mark, tag);
    if (key_expected()) throw Stop{at(mark), "a key cannot be a list or a map", "expected text as the key"};
    if (frames_.size() >= kDocumentDepthMax) {
      throw Stop{at(mark), fmt::format("nested more than {} levels deep", kDocumentDepthMax), {}};
    }
    frames_.push_back(open(mark, anchor, {.kind = kind, .at = at(mark), .text = {}, .children = {}}));
  }

  void end() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    close(frame);
  }

  void close(const Frame& frame) {
    if (frame.anchor != YAML::NullAnchor) anchors_[frame.anchor] = frame.node;
    attach(frame.node);
  }

  // Makes a complete node the next child of what is being built.
  void attach(size_t index) {
    if (frames_.empty()) return;
    Frame& parent = frames_.back();
    Node::Child child = parent.key ? *std::exchange(parent.key, std::nullopt) : Node::Child{};
    child.node = index;
    Node& node = document_.nodes[parent.node];
    node.expanded_nodes += document_.nodes[index].expanded_nodes;
    node.children.push_back(std::move(child));
  }

  Position end_;  // of the text
  Document document_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, size_t> anchors_;
  size_t nodes_ = 0;
  bool started_ = false;
};

// yaml-cpp takes byte 4 for the end of the file, guesses at UTF-16 and lets broken UTF-8 through: none gets that far.
std::optional<Stop> unreadable_character(std::string_view text) {
  Position at{1, 1};
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.length == 0) {
      return Stop{at, fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text.front())),
                  "save the file as UTF-8"};
    }
    const bool blank = character.code == '\n' || character.code == '\r' || character.code == '\t';
    const bool line_separator = character.code > 0x9F;  // harmless in a comment
    if (is_control(character.code) && !blank && !line_separator) {
      return Stop{at, fmt::format("control character U+{:04X}", static_cast<uint32_t>(character.code)), "remove it"};
    }
    at = character.code == '\n' ? Position{at.line + 1, 1}
                                : Position{at.line, at.column + static_cast<int>(character.length)};
    text.remove_prefix(character.length);
  }
  return std::nullopt;
}

// yaml-cpp calls a tab in the indentation an illegal map value.
bool is_indented_by_tab(std::string_view text, int line) {
  for (; line > 1 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

// What usually is behind a message of yaml-cpp.
std::string syntax_mend(std::string_view message, std::string_view text, int line) {
  if (is_indented_by_tab(text, line)) return "indent with spaces, not tabs";
  if (message == "end of sequence flow not found") return "is a [ before this not closed?";
  if (message == "end of map flow not found")
    return "is a { before this not closed, or a value with [ or { not quoted?";
  if (message == "end of map not found" || message == "end of sequence not found") {
    return "is this line indented like its neighbours, and a value with [ or { quoted?";
  }
  if (message == "illegal map value") return "is a value with a colon not quoted, or this line not indented right?";
  if (message == "illegal EOF in scalar") return "is a quote before this not closed?";
  if (message == "unknown token") return "quote text that begins with a special character";
  return {};
}

}  // namespace

tl::expected<Document, ConfigErrors> read_document(std::string_view text, const std::string& file) {
  const auto failed = [&](Position at, std::string problem, std::string mend) {
    return tl::make_unexpected(ConfigErrors{{file, at.line, at.column, {}, std::move(problem), std::move(mend)}});
  };
  if (text.size() > kConfigBytesMax) {
    return failed({}, fmt::format("is larger than {} bytes", kConfigBytesMax), {});
  }
  if (const auto stop = unreadable_character(text)) return failed(stop->at, stop->problem, stop->mend);

  const Position end = end_of(text);
  try {
    std::istringstream stream{std::string(text).append(kEndMark)};
    YAML::Parser parser(stream);
    Builder builder(end);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop& stop) {
    return failed(stop.at, stop.problem, stop.mend);
  } catch (const YAML::Exception& error) {
    const Position at = position(error.mark, end);
    // A message may quote the file.
    return failed(at, "YAML syntax: " + shown(error.msg), syntax_mend(error.msg, text, at.line));
  } catch (const std::exception& error) {
    return failed({}, "cannot be parsed: " + shown(error.what()), {});
  }
}

}  // namespace mme

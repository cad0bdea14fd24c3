// SPDX-License-Identifier: Apache-2.0
// Go templates of default rules, as far as such rules are written.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traefik/ascii.h"
#include "traefik/docker.h"
#include "traefik/normalize.h"

namespace mme::traefik {
namespace {

struct Word {
  bool quoted = false;
  std::string text;
};

using Command = std::vector<Word>;

// "normalize .Name | lower" → two commands of words. Nothing: parentheses, escapes and what else is not read here.
std::optional<std::vector<Command>> commands_of(std::string_view action) {
  std::vector<Command> commands(1);
  for (size_t i = 0; i < action.size();) {
    const char c = action[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      i++;
    } else if (c == '|') {
      commands.emplace_back();
      i++;
    } else if (c == '"' || c == '`') {
      const size_t end = action.find(c, i + 1);
      if (end == std::string_view::npos) return std::nullopt;
      const auto text = action.substr(i + 1, end - i - 1);
      if (c == '"' && text.find('\\') != std::string_view::npos) return std::nullopt;
      commands.back().push_back({true, std::string(text)});
      i = end + 1;
    } else {
      const size_t end = std::min(action.find_first_of(" \t\r\n|\"`", i), action.size());
      commands.back().push_back({false, std::string(action.substr(i, end - i))});
      i = end;
    }
  }
  return commands;
}

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  if (old.empty()) return text;
  for (size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size()) {
    text.replace(at, old.size(), with);
  }
  return text;
}

class Template {
 public:
  explicit Template(const DockerContainer& container) : container_(container) {}

  [[nodiscard]] std::optional<std::string> action(std::string_view text) const {
    const auto commands = commands_of(text);
    if (!commands) return std::nullopt;
    std::optional<std::string> value;
    for (const auto& command : *commands) {
      value = run(command, value);
      if (!value) return std::nullopt;
    }
    return value;
  }

 private:
  [[nodiscard]] std::optional<std::string> field(const Word& word) const {
    if (word.quoted) return word.text;
    if (word.text == ".Name") return docker_service_name(container_);
    if (word.text == ".ContainerName") {
      return container_.name.starts_with('/') ? container_.name.substr(1) : container_.name;
    }
    constexpr std::string_view kLabels = ".Labels.";
    if (word.text.starts_with(kLabels)) return label(word.text.substr(kLabels.size()), "<no value>");
    return std::nullopt;
  }

  [[nodiscard]] std::string label(const std::string& name, std::string_view otherwise) const {
    const auto found = container_.labels.find(name);
    return found == container_.labels.end() ? std::string(otherwise) : found->second;
  }

  [[nodiscard]] std::optional<std::string> run(const Command& command, const std::optional<std::string>& piped) const {
    if (command.empty()) return std::nullopt;
    const std::string& name = command[0].text;
    if (name == "index" && !command[0].quoted) {
      const bool of_labels = command.size() == 3 && command[1].text == ".Labels" && command[2].quoted && !piped;
      return of_labels ? std::optional(label(command[2].text, "")) : std::nullopt;
    }
    if (command.size() == 1 && !piped) return field(command[0]);
    if (command[0].quoted) return std::nullopt;
    std::vector<std::string> values;
    for (size_t i = 1; i < command.size(); i++) {
      auto value = field(command[i]);
      if (!value) return std::nullopt;
      values.push_back(std::move(*value));
    }
    if (piped) values.push_back(*piped);
    return call(name, values);
  }

  static std::optional<std::string> call(std::string_view name, const std::vector<std::string>& values) {
    if (values.size() == 1) {
      if (name == "normalize") return normalized(values[0]);
      if (name == "lower") return lower(values[0]);
      if (name == "upper") return upper(values[0]);
    } else if (values.size() == 2) {
      const std::string& text = values[1];
      if (name == "trimPrefix") return text.starts_with(values[0]) ? text.substr(values[0].size()) : text;
      if (name == "trimSuffix")
        return text.ends_with(values[0]) ? text.substr(0, text.size() - values[0].size()) : text;
    } else if (values.size() == 3 && name == "replace") {
      return replaced(values[2], values[0], values[1]);
    }
    return std::nullopt;
  }

  const DockerContainer& container_;
};

}  // namespace

std::optional<std::string> fill_default_rule(std::string_view rule, const DockerContainer& container) {
  const Template filler(container);
  std::string out;
  while (true) {
    const size_t open = rule.find("{{");
    out += rule.substr(0, open);
    if (open == std::string_view::npos) return out;
    const size_t close = rule.find("}}", open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = filler.action(rule.substr(open + 2, close - open - 2));
    if (!value) return std::nullopt;
    out += *value;
    rule.remove_prefix(close + 2);
  }
}

}  // namespace mme::traefik

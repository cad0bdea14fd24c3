// SPDX-License-Identifier: Apache-2.0
#include "daemon/uris.h"

#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "mongo/uri.h"

namespace mme {
namespace {

constexpr size_t kUriBytesMax = 16384;

Result<std::string> raw_text(const UriSource& source) {
  if (!source.file.empty()) {
    auto text = read_whole_file(source.file);
    if (!text) return fail("the file " + source.file + " " + text.error().message);
    return text;
  }
  const char* value = std::getenv(source.env.c_str());
  if (value == nullptr) return fail("the environment has no variable " + source.env);
  return value;
}

std::string place(const UriSource& source) {
  return source.file.empty() ? "the variable " + source.env : "the file " + source.file;
}

// The one line of it, without blanks around.
Result<std::string> read_text(const UriSource& source) {
  auto text = raw_text(source);
  if (!text) return text;
  constexpr const char* blanks = " \t\r\n";
  text->erase(0, std::min(text->find_first_not_of(blanks), text->size()));
  text->erase(text->find_last_not_of(blanks) + 1);
  if (text->empty()) return fail(place(source) + " is empty");
  if (text->size() > kUriBytesMax || text->find_first_of("\r\n") != std::string::npos) {
    return fail(place(source) + " has more than one line with a URI");
  }
  return text;
}

std::optional<mongo::AskedMongod> asked_mongod(const TargetConfig& target) {
  if (!target.uri) return std::nullopt;
  const auto uri = mongo::Uri::parse(target.uri->text);
  if (!uri) return std::nullopt;
  return mongo::AskedMongod{target.name.empty() ? uri->address() : target.name, *uri};
}

}  // namespace

ConfigErrors read_uris(Config& config, const std::string& file) {
  ConfigErrors errors;
  std::map<std::string, int> line_of;  // by address
  for (TargetConfig& target : config.targets) {
    if (!target.uri) continue;
    UriSource& source = *target.uri;
    const auto error = [&](const std::string& problem, const std::string& mend) {
      errors.push_back({file, source.line, source.column, source.key, problem, mend});
    };
    auto text = read_text(source);
    if (!text) {
      error(text.error().message, "expected mongodb://USER:PASSWORD@HOST:PORT/ there");
      continue;
    }
    const auto uri = mongo::Uri::parse(*text);
    if (!uri) {
      error("what " + place(source) + " has cannot be used: " + uri.error().message, "");
      continue;
    }
    source.text = std::move(*text);
    const auto [first, inserted] = line_of.try_emplace(uri->address(), source.line);
    if (!inserted) {
      error("names " + uri->address() + ", as line " + std::to_string(first->second) + " does",
            "two targets cannot be one mongod");
    }
  }
  return errors;
}

std::vector<std::string> uri_warnings(const Config& config) {
  std::vector<std::string> warnings;
  for (const TargetConfig& target : config.targets) {
    struct stat status {};
    if (!target.uri || target.uri->file.empty() || ::stat(target.uri->file.c_str(), &status) != 0) continue;
    if ((status.st_mode & S_IROTH) == 0) continue;
    warnings.push_back(target.uri->file + " has credentials and every user may read it (chmod o-r " + target.uri->file +
                       ")");
  }
  return warnings;
}

std::vector<mongo::AskedMongod> asked_mongods(const Config& config) {
  std::vector<mongo::AskedMongod> mongods;
  for (const TargetConfig& target : config.targets) {
    if (auto mongod = asked_mongod(target)) mongods.push_back(std::move(*mongod));
  }
  return mongods;
}

std::vector<std::string> asked_names(const Config& config) {
  std::vector<std::string> names;
  for (const TargetConfig& target : config.targets) {
    const auto mongod = asked_mongod(target);
    names.push_back(mongod ? mongod->name : std::string());
  }
  return names;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "traefik/go_url.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace mme::traefik {
namespace {

// GODEBUG urlmaxqueryparams of Go 1.26: beyond it there are no values at all.
constexpr size_t kQueryPairsMax = 10000;

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// Does escape(…, encodePath) leave it alone?
bool plain_in_path(char c) {
  return is_unreserved(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos;
}

bool valid_in_encoded_path(char c) {
  return plain_in_path(c) || std::string_view("!'()*[]%").find(c) != std::string_view::npos;
}

int unhex(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that `%XX` at `at` stands for, or -1.
int percent_byte(std::string_view text, size_t at) {
  if (at + 2 >= text.size() || unhex(text[at + 1]) < 0 || unhex(text[at + 2]) < 0) return -1;
  return unhex(text[at + 1]) * 16 + unhex(text[at + 2]);
}

std::optional<std::string> unescape(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '%') {
      const int byte = percent_byte(text, i);
      if (byte < 0) return std::nullopt;
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string escape_path(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (plain_in_path(c)) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool set_path(GoUrl& url, std::string_view escaped) {
  auto path = unescape(escaped, false);
  if (!path) return false;
  url.path = std::move(*path);
  url.raw_path = escape_path(url.path) == escaped ? std::string() : std::string(escaped);
  return true;
}

// path.Clean of a path that begins with a slash.
std::string clean_rooted(std::string_view path) {
  std::vector<std::string_view> kept;
  size_t at = 0;
  while (at < path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!part.empty() && part != ".") {
      kept.push_back(part);
    }
    at = end + 1;
  }
  std::string out;
  for (const auto part : kept) {
    out += '/';
    out += part;
  }
  return out.empty() ? "/" : out;
}

// Length of "scheme:" at the start, 0 when there is none, npos when Go refuses.
size_t scheme_length(std::string_view url) {
  for (size_t i = 0; i < url.size(); i++) {
    const char c = url[i];
    if (is_alpha(c)) continue;
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return 0;
      continue;
    }
    if (c == ':') return i == 0 ? std::string_view::npos : i + 1;
    return 0;
  }
  return 0;
}

// Host names and IPv4 addresses with an optional port; what else Go may take stays undecided.
tl::expected<std::string, UrlFailure> parse_authority(std::string_view authority) {
  if (const size_t user = authority.rfind('@'); user != std::string_view::npos) {
    return tl::make_unexpected(UrlFailure::undecided);
  }
  const size_t colon = authority.find(':');
  const std::string_view name = authority.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_unreserved)) return tl::make_unexpected(UrlFailure::undecided);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), is_digit)) return tl::make_unexpected(UrlFailure::invalid);
  }
  return std::string(authority);
}

}  // namespace

tl::expected<GoUrl, UrlFailure> parse_request_uri(std::string_view target, bool with_authority) {
  const auto control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; };
  if (target.empty() || std::any_of(target.begin(), target.end(), control)) {
    return tl::make_unexpected(UrlFailure::invalid);
  }
  GoUrl url;
  if (target == "*" && !with_authority) {
    url.path = "*";
    return url;
  }
  const size_t scheme = with_authority ? 0 : scheme_length(target);
  if (scheme == std::string_view::npos) return tl::make_unexpected(UrlFailure::invalid);
  std::string_view rest = target.substr(scheme);
  if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
    url.raw_query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (!with_authority && (rest.empty() || rest[0] != '/')) {
    if (scheme == 0) return tl::make_unexpected(UrlFailure::invalid);
    return url;  // opaque, "mailto:x": neither host nor path
  }
  if (with_authority || (scheme != 0 && rest.substr(0, 2) == "//")) {
    const std::string_view authority_and_path = with_authority ? rest : rest.substr(2);
    const size_t slash = std::min(authority_and_path.find('/'), authority_and_path.size());
    auto host = parse_authority(authority_and_path.substr(0, slash));
    if (!host) return tl::make_unexpected(host.error());
    url.host = std::move(*host);
    rest = authority_and_path.substr(slash);
  }
  if (!set_path(url, rest)) return tl::make_unexpected(UrlFailure::invalid);
  return url;
}

std::string escaped_path(const GoUrl& url) {
  if (!url.raw_path.empty() && std::all_of(url.raw_path.begin(), url.raw_path.end(), valid_in_encoded_path)) {
    if (unescape(url.raw_path, false) == url.path) return url.raw_path;
  }
  if (url.path == "*") return "*";
  return escape_path(url.path);
}

void clean_path(GoUrl& url) {
  std::string before = escaped_path(url);
  const bool rooted = !before.empty() && before[0] == '/';
  if (!rooted) before.insert(before.begin(), '/');
  std::string cleaned = clean_rooted(before);
  if (!rooted) cleaned.erase(0, 1);
  if (before.back() == '/' && (cleaned.empty() || cleaned.back() != '/')) cleaned += '/';
  set_path(url, cleaned);
}

void normalize_raw_path(GoUrl& url) {
  std::string out;
  for (size_t i = 0; i < url.raw_path.size(); i++) {
    const int byte = url.raw_path[i] == '%' ? percent_byte(url.raw_path, i) : -1;
    if (byte < 0) {
      out += url.raw_path[i];
      continue;
    }
    if (byte < 0x80 && is_unreserved(static_cast<char>(byte))) {
      out += static_cast<char>(byte);
    } else {
      out += '%';
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(url.raw_path[i + 1])));
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(url.raw_path[i + 2])));
    }
    i += 2;
  }
  url.raw_path = std::move(out);
}

std::optional<std::string> routing_path(const GoUrl& url) {
  const std::string path = escaped_path(url);
  std::string out;
  out.reserve(path.size());
  for (size_t i = 0; i < path.size(); i++) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const int byte = percent_byte(path, i);
    if (byte < 0) return std::nullopt;
    const bool lower_case = (path[i + 1] >= 'a') || (path[i + 2] >= 'a');
    if (!lower_case && byte < 0x80 &&
        std::string_view(":/?#[]@!$&'()*+,;=%").find(static_cast<char>(byte)) != std::string_view::npos) {
      out += path.substr(i, 3);
    } else {
      out += static_cast<char>(byte);
    }
    i += 2;
  }
  return out;
}

QueryValues parse_query(std::string_view raw_query) {
  QueryValues values;
  if (static_cast<size_t>(std::count(raw_query.begin(), raw_query.end(), '&')) + 1 > kQueryPairsMax) return values;
  while (!raw_query.empty()) {
    const size_t end = std::min(raw_query.find('&'), raw_query.size());
    const std::string_view pair = raw_query.substr(0, end);
    raw_query.remove_prefix(std::min(end + 1, raw_query.size()));
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto key = unescape(pair.substr(0, equals), true);
    auto value = unescape(pair.substr(std::min(equals + 1, pair.size())), true);
    if (key && value) values.emplace_back(std::move(*key), std::move(*value));
  }
  return values;
}

}  // namespace mme::traefik

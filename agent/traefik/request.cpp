// SPDX-License-Identifier: Apache-2.0
#include "traefik/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "traefik/ascii.h"

namespace mme::traefik {
namespace {

constexpr std::array<std::string_view, 10> kNamedMethods = {"HEAD",    "GET",     "POST",  "PUT",   "DELETE",
                                                            "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};

using Headers = decltype(RequestView::headers);

// pkg/middlewares/forwardedheaders
constexpr std::array<std::string_view, 11> kForwardedHeaders = {"X-Forwarded-Proto",
                                                                "X-Forwarded-For",
                                                                "X-Forwarded-Host",
                                                                "X-Forwarded-Port",
                                                                "X-Forwarded-Server",
                                                                "X-Forwarded-Uri",
                                                                "X-Forwarded-Method",
                                                                "X-Forwarded-Prefix",
                                                                "X-Forwarded-Tls-Client-Cert",
                                                                "X-Forwarded-Tls-Client-Cert-Info",
                                                                "X-Real-Ip"};

bool is_forwarded_header(std::string_view name) {
  return std::find(kForwardedHeaders.begin(), kForwardedHeaders.end(), name) != kForwardedHeaders.end();
}

tl::unexpected<Refusal> refuse(std::string reason) {
  return tl::make_unexpected(Refusal{std::move(reason)});
}

// httpguts.ValidHostHeader
bool valid_host_header(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!$%&()*+,-.:;=['_]~").find(c) != std::string_view::npos;
  });
}

bool valid_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

struct HostAndPort {
  std::string host;
  std::string port;
};

// net.SplitHostPort
std::optional<HostAndPort> split_host_port(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  if (!address.empty() && address[0] == '[') {
    const size_t end = address.find(']');
    if (end == std::string_view::npos || end + 1 != colon) return std::nullopt;
    host = address.substr(1, end - 1);
    if (host.find('[') != std::string_view::npos) return std::nullopt;
  } else if (host.find(':') != std::string_view::npos || host.find_first_of("[]") != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view port = address.substr(colon + 1);
  if (port.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  return HostAndPort{std::string(host), std::string(port)};
}

// pkg/middlewares/requestdecorator and types.CanonicalDomain
std::string canonical_host(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return lower(trimmed(host));
  if (const auto split = split_host_port(host)) return lower(trimmed(split->host));
  if (host.front() == '[' && host.back() == ']') return lower(trimmed(host.substr(1, host.size() - 2)));
  return lower(trimmed(host));
}

const std::string* first_value(const Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() || found->second.empty() ? nullptr : &found->second.front();
}

std::string_view value_or_empty(const Headers& headers, std::string_view name) {
  const auto* value = first_value(headers, name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

void set(Headers& headers, std::string_view name, std::string value) {
  headers[std::string(name)] = {std::move(value)};
}

std::vector<std::string_view> comma_parts(std::string_view list) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    const auto part = trimmed(list.substr(at, end - at));
    if (!part.empty()) parts.push_back(part);
    at = end + 1;
  }
  return parts;
}

bool first_value_has(const Headers& headers, std::string_view name, std::string_view token) {
  const auto parts = comma_parts(value_or_empty(headers, name));
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return equal_fold(part, token); });
}

// net/http: what reading the body's framing takes out of the header, and Pragma.
std::optional<Refusal> frame(Headers& headers, int version_minor) {
  if (value_or_empty(headers, "Pragma") == "no-cache" && headers.find("Cache-Control") == headers.end()) {
    set(headers, "Cache-Control", "no-cache");
  }
  if (const auto coding = headers.find("Transfer-Encoding"); coding != headers.end()) {
    const bool chunked = coding->second.size() == 1 && equal_fold(coding->second[0], "chunked");
    headers.erase(coding);
    if (version_minor >= 1) {
      if (!chunked) return Refusal{"an unsupported transfer encoding"};
      headers.erase("Content-Length");
      headers.erase("Trailer");
    }
  }
  if (const auto lengths = headers.find("Content-Length"); lengths != headers.end()) {
    std::string first(trimmed(lengths->second.front()));
    for (const auto& length : lengths->second) {
      if (trimmed(length) != first) return Refusal{"more than one Content-Length"};
    }
    if (first.empty() || first.find_first_not_of("0123456789") != std::string::npos) {
      return Refusal{"a bad Content-Length"};
    }
    if (lengths->second.size() > 1) lengths->second = {std::move(first)};
  }
  return std::nullopt;
}

bool trusted(const EntrypointOptions& options, const std::optional<IpBytes>& client) {
  if (options.forwarded_headers_insecure) return true;
  return client && std::any_of(options.forwarded_headers_trusted_ips.begin(),
                               options.forwarded_headers_trusted_ips.end(), [&](const std::string& text) {
                                 const auto range = IpRange::parse(text);
                                 return range && range->contains(*client);
                               });
}

void forward(Headers& headers, const RequestHead& head, std::string_view host, bool trust) {
  if (!trust) {
    for (const auto name : kForwardedHeaders) headers.erase(std::string(name));
  }
  if (value_or_empty(headers, "X-Real-Ip").empty() && head.client_ip) {
    set(headers, "X-Real-Ip", head.client_ip->substr(0, head.client_ip->find('%')));
  }
  if (value_or_empty(headers, "X-Forwarded-Proto").empty()) {
    const bool websocket =
        first_value_has(headers, "Connection", "upgrade") && first_value_has(headers, "Upgrade", "websocket");
    set(headers, "X-Forwarded-Proto", fmt::format("{}{}", websocket ? "ws" : "http", head.tls ? "s" : ""));
  }
  if (value_or_empty(headers, "X-Forwarded-Port").empty()) {
    const auto split = split_host_port(host);
    const auto proto = value_or_empty(headers, "X-Forwarded-Proto");
    std::string port = proto == "https" || proto == "wss" || head.tls ? "443" : "80";
    if (split && !split->port.empty()) port = split->port;
    set(headers, "X-Forwarded-Port", std::move(port));
  }
  if (value_or_empty(headers, "X-Forwarded-Host").empty() && !host.empty()) {
    set(headers, "X-Forwarded-Host", std::string(host));
  }
  if (const auto chain = headers.find("X-Forwarded-For"); chain != headers.end()) {
    chain->second = {fmt::format("{}", fmt::join(chain->second, ", "))};
  }
}

// Connection names headers of this hop; they go, and so does Connection unless something of it is kept.
void remove_hop_headers(Headers& headers, const std::vector<std::string>& kept_by_option) {
  const auto connection = headers.find("Connection");
  if (connection == headers.end()) return;
  const std::vector<std::string> values = connection->second;
  std::string upgrade;
  const bool upgrades = std::any_of(values.begin(), values.end(), [](const std::string& value) {
    const auto parts = comma_parts(value);
    return std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return equal_fold(part, "upgrade"); });
  });
  if (upgrades) upgrade = value_or_empty(headers, "Upgrade");
  std::vector<std::string> kept;
  for (const auto& value : values) {
    for (const auto part : comma_parts(value)) {
      if (is_forwarded_header(part)) continue;
      if (std::find(kept_by_option.begin(), kept_by_option.end(), part) != kept_by_option.end()) {
        kept.emplace_back(part);
      } else {
        headers.erase(canonical_header(part));
      }
    }
  }
  if (!upgrade.empty()) {
    kept.emplace_back("Upgrade");
    set(headers, "Upgrade", upgrade);
  }
  headers.erase("Connection");
  if (!kept.empty()) set(headers, "Connection", fmt::format("{}", fmt::join(kept, ",")));
}

// The path and the query; both stay absent when the target does not say them.
std::optional<Refusal> read_target(const RequestHead& head, const EntrypointOptions& options, RequestView& view,
                                   std::optional<std::string>& url_host) {
  const size_t mark = head.target.find('?');
  if (!head.target_complete && mark == std::string::npos) return std::nullopt;
  const bool authority = head.method == "CONNECT" && head.target.substr(0, 1) != "/";
  auto url = parse_request_uri(head.target, authority);
  if (!url) {
    if (url.error() == UrlFailure::undecided || !head.target_complete) return std::nullopt;
    return Refusal{"Go cannot parse the target"};
  }
  if (url->raw_path.find('#') != std::string::npos) return Refusal{"a fragment in the path"};
  url_host = url->host;
  normalize_raw_path(*url);
  if (options.sanitize_path) clean_path(*url);
  view.path = routing_path(*url);
  if (!view.path) return Refusal{"Go cannot decode the path"};
  if (head.target_complete) {
    std::string query = url->raw_query;
    if (!options.encode_query_semicolons) {
      std::replace(query.begin(), query.end(), ';', '&');
    } else {
      std::string encoded;
      for (const char c : query) encoded += c == ';' ? std::string("%3B") : std::string(1, c);
      query = std::move(encoded);
    }
    view.query = parse_query(query);
  }
  return std::nullopt;
}

// One line without its end; the text loses it.
std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

tl::unexpected<std::string> malformed(std::string what) {
  return tl::make_unexpected(std::move(what));
}

}  // namespace

bool is_named_method(std::string_view method) {
  return std::find(kNamedMethods.begin(), kNamedMethods.end(), method) != kNamedMethods.end();
}

tl::expected<RequestHead, std::string> parse_request_head(std::string_view bytes) {
  RequestHead head;
  head.headers_complete = false;
  const auto first = take_line(bytes);
  const std::string_view line = first ? *first : bytes;
  const size_t blank = std::min(line.find(' '), line.size());
  head.method = line.substr(0, blank);
  std::string_view rest = line.substr(std::min(blank + 1, line.size()));
  if (!first) {
    const size_t end = rest.find(' ');
    head.target = rest.substr(0, end);
    head.target_complete = end != std::string_view::npos;
    return head;
  }
  const size_t second = rest.find(' ');
  if (second == std::string_view::npos) return malformed("the request line has no version");
  head.target = rest.substr(0, second);
  const std::string_view version = rest.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return malformed("not HTTP/1");
  head.version_minor = version.back() - '0';
  if (!is_token(head.method)) return malformed("the method is no token");

  bool name_seen = false;
  for (auto next = take_line(bytes); next.has_value(); next = take_line(bytes)) {
    const std::string_view field = *next;
    if (field.empty()) {
      head.headers_complete = true;
      return head;
    }
    if (field.front() == ' ' || field.front() == '\t') {
      if (!name_seen) return malformed("the header begins with a blank");
      head.headers.back().value += ' ';
      head.headers.back().value += trimmed(field);
      continue;
    }
    const size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0) return malformed("a header line has no name");
    head.headers.push_back({std::string(field.substr(0, colon)), std::string(trimmed(field.substr(colon + 1)))});
    name_seen = true;
  }
  // The last whole line may go on in the next one.
  const bool ended = !bytes.empty() && bytes.front() != ' ' && bytes.front() != '\t';
  if (!head.headers.empty() && !ended) head.headers.pop_back();
  return head;
}

tl::expected<RequestView, Refusal> view_of(const RequestHead& head, const EntrypointOptions& options) {
  RequestView view;
  view.method = head.method;
  view.headers_known = head.headers_complete;
  view.cname_flattening = options.cname_flattening;
  if (head.client_ip && !options.proxy_protocol) {
    view.client = parse_ip(*head.client_ip);
    view.client_is_no_address = !view.client;
  }
  if (head.target == "*" && head.target_complete && head.method == "OPTIONS") {
    return refuse("OPTIONS * is answered by Go's HTTP server");
  }
  std::optional<std::string> url_host;
  if (auto refusal = read_target(head, options, view, url_host)) return tl::make_unexpected(std::move(*refusal));

  for (const auto& header : head.headers) {
    if (!is_token(header.name)) return refuse("a header's name is no token");
    if (!valid_header_value(header.value)) return refuse("a header has a control character");
    view.headers[canonical_header(header.name)].push_back(header.value);
  }
  std::optional<std::string> host_header;
  if (const auto found = view.headers.find("Host"); found != view.headers.end()) {
    if (found->second.size() > 1) return refuse("more than one Host header");
    if (!valid_host_header(found->second[0])) return refuse("a bad Host header");
    host_header = found->second[0];
    view.headers.erase(found);
  } else if (head.headers_complete) {
    if (head.version_minor >= 1 && head.method != "CONNECT") return refuse("no Host header");
    host_header = "";
  }
  std::optional<std::string> host = host_header;
  const bool origin_form = head.target.substr(0, 1) == "/";
  if (!origin_form && (!head.target_complete || !url_host)) {
    host.reset();  // it may be in the target, in a part that was cut off or in a form that is not evaluated
  } else if (url_host && !url_host->empty()) {
    host = url_host;
  }
  if (host) view.host = canonical_host(*host);
  if (!head.headers_complete) {
    view.headers.clear();
    return view;
  }
  if (auto refusal = frame(view.headers, head.version_minor)) return tl::make_unexpected(std::move(*refusal));
  if (!host ||
      (!options.forwarded_headers_trusted_ips.empty() && !options.forwarded_headers_insecure && !view.client)) {
    view.headers_known = false;
    return view;
  }
  forward(view.headers, head, *host, trusted(options, view.client));
  remove_hop_headers(view.headers, options.forwarded_headers_connection);
  return view;
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "traefik/go_url.h"
#include "traefik/ip_set.h"

namespace mme::traefik {

struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

// A request's head as it came over the wire, as much of it as was seen.
struct RequestHead {
  std::string method;
  std::string target;  // "/promote?id=1", "http://host/path", "*"
  int version_minor = 1;
  std::vector<Header> headers;           // in their order
  std::optional<std::string> client_ip;  // the peer's address without port; nothing: not known
  bool tls = false;
  bool target_complete = true;   // false: cut inside the target
  bool headers_complete = true;  // false: there may be more headers

  bool operator==(const RequestHead&) const = default;
};

// HTTP/1 text up to the empty line, or cut anywhere. An error is a head that Go's server answers with 400 itself. A
// header that was cut is left out.
[[nodiscard]] tl::expected<RequestHead, std::string> parse_request_head(std::string_view bytes);

// What of an entrypoint's configuration changes what routers see.
struct EntrypointOptions {
  bool sanitize_path = true;             // http.sanitizePath
  bool encode_query_semicolons = false;  // http.encodeQuerySemicolons
  bool forwarded_headers_insecure = false;
  std::vector<std::string> forwarded_headers_trusted_ips;
  std::vector<std::string> forwarded_headers_connection;
  bool proxy_protocol = false;    // the peer's address is then not the client's
  bool cname_flattening = false;  // hostResolver.cnameFlattening: hosts are looked up in the DNS

  bool operator==(const EntrypointOptions&) const = default;
};

// The methods that have a name of their own in Traefik's metrics; any other is EXTENSION_METHOD there.
[[nodiscard]] bool is_named_method(std::string_view method);

// All paths that begin with `literal`, go on, and begin with no longer one of the literals that tell paths apart.
struct PathsBelow {
  std::string literal;
  size_t told_apart = 0;  // bytes: so much of every literal of a rule tells paths apart

  bool operator==(const PathsBelow&) const = default;
};

// A request as Traefik's matchers see it. What is not known is absent. Also what the requests of a class have in common
// (route_classes.h).
struct RequestView {
  std::string method;
  std::optional<std::string> host;  // lower case, without port, the dot at the end kept
  std::optional<std::string> path;  // the routing path
  std::optional<QueryValues> query;
  std::map<std::string, std::vector<std::string>, std::less<>> headers;  // by canonical name
  bool headers_known = true;  // false: neither what is in `headers` nor what is not says anything
  std::optional<IpBytes> client;
  bool client_is_no_address = false;
  bool cname_flattening = false;
  // Of a class only:
  bool unnamed_method = false;      // instead of `method`: any that is no named one
  std::optional<PathsBelow> paths;  // instead of `path`
};

// Traefik's HTTP server answered by itself: no router and no metric of Traefik ever saw the request.
struct Refusal {
  std::string reason;
};

[[nodiscard]] tl::expected<RequestView, Refusal> view_of(const RequestHead& head, const EntrypointOptions& options);

// The header that Traefik adds with a value that only Traefik's host knows.
inline constexpr std::string_view kForwardedServer = "X-Forwarded-Server";

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace mme::traefik {

// What Go's net/url makes of a request-target; Traefik's matchers see this and not the bytes of the wire.
struct GoUrl {
  std::string host;  // of an absolute-form target; else empty
  std::string path;  // decoded
  std::string raw_path;
  std::string raw_query;
};

enum class UrlFailure {
  invalid,    // Go refuses it
  undecided,  // a form of host that is not evaluated here
};

// url.ParseRequestURI. `with_authority`: the target of CONNECT, "host:port".
[[nodiscard]] tl::expected<GoUrl, UrlFailure> parse_request_uri(std::string_view target, bool with_authority);

// URL.EscapedPath
[[nodiscard]] std::string escaped_path(const GoUrl& url);
// URL.JoinPath without elements: "." and ".." and double slashes go, one slash at the end stays.
void clean_path(GoUrl& url);
// Percent-encoded unreserved characters are decoded, the others written in upper case, in raw_path.
void normalize_raw_path(GoUrl& url);
// Traefik's withRoutingPath: what is percent-encoded is decoded unless it is a reserved character.
[[nodiscard]] std::optional<std::string> routing_path(const GoUrl& url);

// Values of a query in their order, decoded; pairs that Go refuses are left out.
using QueryValues = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] QueryValues parse_query(std::string_view raw_query);

}  // namespace mme::traefik

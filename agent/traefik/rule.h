// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "traefik/ip_set.h"
#include "traefik/regex.h"

namespace mme::traefik {

enum class MatcherKind : uint8_t {
  client_ip,
  header,
  header_regexp,
  host,
  host_regexp,
  method,
  path,
  path_prefix,
  path_regexp,
  query,
  query_regexp
};
[[nodiscard]] std::string_view to_string(MatcherKind kind);  // "PathPrefix"

// One matcher. `values` are as Traefik compares them: a host in lower case, a method in upper case, the key of a header
// in canonical form; a query without a value has the value "".
struct Matcher {
  MatcherKind kind = MatcherKind::path;
  std::vector<std::string> values;
  std::shared_ptr<const Regex> regex;  // the regexp kinds
  IpRange range;                       // client_ip
};

// A rule as a tree. `any` and `all` have two children or more, a matcher none. `negated` turns the node's result.
struct RuleNode {
  enum class Kind : uint8_t { matcher, all, any };

  Kind kind = Kind::matcher;
  bool negated = false;
  Matcher matcher;
  std::vector<RuleNode> children;
  size_t position = 0;  // byte of the rule where it begins, from 1
};

struct RuleError {
  enum class Kind : uint8_t {
    invalid,     // Traefik refuses it too and leaves the router out
    unsupported  // Traefik may well understand it, we do not: what it matches is unknown
  };
  Kind kind = Kind::invalid;
  size_t position = 0;  // from 1; 0: the rule as a whole
  std::string problem;

  bool operator==(const RuleError&) const = default;
};
[[nodiscard]] std::string to_string(const RuleError& error);  // "at 12: the path \"x\" does not start with a slash"

inline constexpr size_t kRuleDepthMax = 200;

// The rule language v3 of Traefik 3 (pkg/rules, pkg/muxer/http, vulcand/predicate: a Go expression of calls with string
// literals). `syntax` is the router's ruleSyntax: "v2" is not evaluated here, anything else is v3 as in Traefik.
[[nodiscard]] tl::expected<RuleNode, RuleError> parse_rule(std::string_view rule, std::string_view syntax = {});

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/evaluate.h"

#include <algorithm>
#include <functional>

#include "traefik/ascii.h"

namespace mme::traefik {
namespace {

constexpr std::string_view kHostUnknown = "the host is not known";
constexpr std::string_view kHostResolved = "the host is looked up in the DNS (cnameFlattening)";
constexpr std::string_view kMethodUnknown = "the method is not known";
constexpr std::string_view kPathUnknown = "the path is not known";
constexpr std::string_view kQueryUnknown = "the query was cut off";
constexpr std::string_view kHeadersUnknown = "the headers were cut off";
constexpr std::string_view kServerUnknown = "X-Forwarded-Server has a value that only Traefik's host knows";
constexpr std::string_view kClientUnknown = "the client's address is not known";

Evaluation decided(bool yes) {
  return {yes ? Verdict::yes : Verdict::no, {}};
}
Evaluation unknown(std::string_view reason) {
  return {Verdict::unknown, reason};
}

Evaluation found(const Matcher& matcher, std::string_view text) {
  return decided(matcher.regex->found_in(text));
}

// One yes is enough; without one, one unknown is.
Evaluation either(Evaluation a, Evaluation b) {
  if (a.verdict == Verdict::yes || b.verdict == Verdict::yes) return decided(true);
  return a.verdict == Verdict::unknown ? a : b;
}

Evaluation both(Evaluation a, Evaluation b) {
  if (a.verdict == Verdict::no || b.verdict == Verdict::no) return decided(false);
  return a.verdict == Verdict::unknown ? a : b;
}

std::string_view without_last_dot(std::string_view host) {
  return !host.empty() && host.back() == '.' ? host.substr(0, host.size() - 1) : host;
}

// The dot at the end may be missing on one side. Only one: "a.." is not "a".
Evaluation host(const Matcher& matcher, const RequestView& request) {
  if (!request.host) return unknown(kHostUnknown);
  const std::string_view wanted = matcher.values[0];
  const std::string_view asked = *request.host;
  if (asked.empty()) return decided(false);
  if (asked == wanted) return decided(true);
  if (request.cname_flattening) return unknown(kHostResolved);
  return decided(without_last_dot(wanted) == asked || without_last_dot(asked) == wanted);
}

// Traefik tries the name from the DNS as well, which is empty when nothing was looked up: an expression that matches
// the empty text matches every host.
Evaluation host_regexp(const Matcher& matcher, const RequestView& request) {
  const Evaluation resolved = request.cname_flattening ? unknown(kHostResolved) : found(matcher, "");
  return either(request.host ? found(matcher, *request.host) : unknown(kHostUnknown), resolved);
}

Evaluation header(const Matcher& matcher, const RequestView& request) {
  if (!request.headers_known) return unknown(kHeadersUnknown);
  if (matcher.values[0] == kForwardedServer) return unknown(kServerUnknown);
  Evaluation result = decided(false);
  const auto values = request.headers.find(matcher.values[0]);
  if (values == request.headers.end()) return result;
  for (const auto& value : values->second) {
    result = either(result, matcher.regex ? found(matcher, value) : decided(value == matcher.values[1]));
  }
  return result;
}

Evaluation query(const Matcher& matcher, const RequestView& request) {
  if (!request.query) return unknown(kQueryUnknown);
  Evaluation result = decided(false);
  for (const auto& [key, value] : *request.query) {
    if (key != matcher.values[0]) continue;
    result = either(result, matcher.regex ? found(matcher, value) : decided(value == matcher.values[1]));
  }
  return result;
}

Evaluation method(const Matcher& matcher, const RequestView& request) {
  if (!request.unnamed_method) return decided(request.method == matcher.values[0]);
  return is_named_method(matcher.values[0]) ? decided(false) : unknown(kMethodUnknown);
}

// A path that begins with a literal that tells paths apart belongs to that literal, or to a longer one.
Evaluation path_of_class(const Matcher& matcher, const PathsBelow& paths) {
  const std::string& wanted = matcher.values[0];
  if (matcher.kind == MatcherKind::path_regexp) return unknown(kPathUnknown);
  if (matcher.kind == MatcherKind::path_prefix && paths.literal.starts_with(wanted)) return decided(true);
  const bool elsewhere = wanted.size() <= paths.told_apart || wanted.substr(0, paths.told_apart) != paths.literal;
  return elsewhere ? decided(false) : unknown(kPathUnknown);
}

Evaluation path(const Matcher& matcher, const RequestView& request) {
  if (request.paths) return path_of_class(matcher, *request.paths);
  if (!request.path) return unknown(kPathUnknown);
  const std::string& wanted = matcher.values[0];
  switch (matcher.kind) {
    case MatcherKind::path:
      return decided(*request.path == wanted);
    case MatcherKind::path_prefix:
      return decided(request.path->starts_with(wanted));
    default:
      return found(matcher, *request.path);
  }
}

Evaluation match(const Matcher& matcher, const RequestView& request) {
  switch (matcher.kind) {
    case MatcherKind::client_ip:
      if (request.client) return decided(matcher.range.contains(*request.client));
      return request.client_is_no_address ? decided(false) : unknown(kClientUnknown);
    case MatcherKind::header:
    case MatcherKind::header_regexp:
      return header(matcher, request);
    case MatcherKind::host:
      return host(matcher, request);
    case MatcherKind::host_regexp:
      return host_regexp(matcher, request);
    case MatcherKind::method:
      return method(matcher, request);
    case MatcherKind::path:
    case MatcherKind::path_prefix:
    case MatcherKind::path_regexp:
      return path(matcher, request);
    case MatcherKind::query:
    case MatcherKind::query_regexp:
      return query(matcher, request);
  }
  return decided(false);
}

Evaluation inverted(Evaluation evaluation) {
  if (evaluation.verdict == Verdict::unknown) return evaluation;
  return decided(evaluation.verdict == Verdict::no);
}

}  // namespace

Evaluation evaluate(const RuleNode& rule, const RequestView& request) {
  Evaluation result;
  if (rule.kind == RuleNode::Kind::matcher) {
    result = match(rule.matcher, request);
  } else {
    const bool any = rule.kind == RuleNode::Kind::any;
    result = decided(!any);
    for (const auto& child : rule.children) {
      const Evaluation next = evaluate(child, request);
      result = any ? either(result, next) : both(result, next);
      if (result.verdict == (any ? Verdict::yes : Verdict::no)) break;
    }
  }
  return rule.negated ? inverted(result) : result;
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/route_classes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "traefik/evaluate.h"

namespace mme::traefik {
namespace {

constexpr std::string_view kNotInUrls = "%#?\"<>\\^`{|}";

std::string_view path_on_wire(const RequestHead& head) {
  return std::string_view(head.target).substr(0, head.target.find('?'));
}

bool path_is_whole(const RequestHead& head) {
  return head.target_complete || head.target.find('?') != std::string::npos;
}

// A host that is read the same everywhere: no address in brackets, no two colons.
bool is_plain_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

RuleNode matcher(MatcherKind kind, std::string value, std::shared_ptr<const Regex> regex = nullptr) {
  return {.kind = RuleNode::Kind::matcher,
          .negated = false,
          .matcher = {.kind = kind, .values = {std::move(value)}, .regex = std::move(regex), .range = {}},
          .children = {},
          .position = 0};
}

// "/memories/{id}" → "^/memories/[^/]+$"
std::string expression(const OperatorRoute& route) {
  const std::string& path = route.path;
  std::string out = "^";
  for (size_t i = 0; i < path.size(); i++) {
    const size_t end = path[i] == '{' ? path.find('}', i) : std::string::npos;
    if (end != std::string::npos) {
      out += "[^/]+";
      i = end;
      continue;
    }
    if (std::string_view("\\.+*?()|[]{}^$").find(path[i]) != std::string_view::npos) out += '\\';
    out += path[i];
  }
  return route.prefix ? out : out + '$';
}

// The route as a rule of Traefik, save that its method is taken as it is written.
RuleNode rule_of(const OperatorRoute& route) {
  RuleNode rule;
  rule.kind = RuleNode::Kind::all;
  if (!route.method.empty()) rule.children.push_back(matcher(MatcherKind::method, route.method));
  const size_t open = route.path.find('{');
  const auto regex =
      open == std::string::npos ? tl::make_unexpected(Regex::Failure{}) : Regex::compile(expression(route));
  if (regex) {
    rule.children.push_back(matcher(MatcherKind::path_prefix, route.path.substr(0, open)));
    rule.children.push_back(matcher(MatcherKind::path_regexp, route.path, *regex));
  } else {
    rule.children.push_back(matcher(route.prefix ? MatcherKind::path_prefix : MatcherKind::path, route.path));
  }
  return rule;
}

// What rules ask of a request.
struct Questions {
  bool host = false;
  bool head = false;
  std::set<std::string> literals = {""};
};

void collect(const RuleNode& rule, Questions& questions) {
  for (const auto& child : rule.children) collect(child, questions);
  if (rule.kind != RuleNode::Kind::matcher) return;
  switch (rule.matcher.kind) {
    case MatcherKind::host:
    case MatcherKind::host_regexp:
      questions.host = true;
      return;
    case MatcherKind::method:
      // The kernel only knows that a method has no name of its own, so the agent must see which it is.
      questions.head = questions.head || !is_named_method(rule.matcher.values[0]);
      return;
    case MatcherKind::path:
    case MatcherKind::path_prefix:
      questions.head = questions.head || rule.matcher.values[0].size() > kLiteralBytesMax;
      questions.literals.insert(rule.matcher.values[0].substr(0, kLiteralBytesMax));
      return;
    case MatcherKind::client_ip:
    case MatcherKind::header:
    case MatcherKind::header_regexp:
    case MatcherKind::path_regexp:
    case MatcherKind::query:
    case MatcherKind::query_regexp:
      questions.head = true;
      return;
  }
}

// What is known of a request that Go's server refuses.
RequestView bare_view(const RequestHead& head) {
  RequestView view;
  view.method = head.method;
  view.headers_known = false;
  return view;
}

}  // namespace

bool is_plain_path(std::string_view path) {
  return path.starts_with('/') && path.find("//") == std::string_view::npos &&
         path.find("/.") == std::string_view::npos && std::all_of(path.begin(), path.end(), [](char c) {
           return c > ' ' && c < 0x7f && kNotInUrls.find(c) == std::string_view::npos;
         });
}

RouteClasses::RouteClasses(const Configuration& configuration, const std::map<uint16_t, std::string>& entrypoints,
                           const std::vector<OperatorRoute>& routes, size_t literals_max)
    : table_(configuration) {
  for (const auto& route : routes) routes_.push_back({route.name, rule_of(route)});
  for (const auto& [port, entrypoint] : entrypoints) add_port(configuration, port, entrypoint, literals_max);
  for (const auto& [name, router] : configuration.routers) {
    // what Traefik serves itself is in its metrics with metrics.addInternals only
    const bool own = provider_of(router.service) == "internal";
    if (own || !router.metrics.value_or(true)) uncounted_.insert(name);
    if (!router.middlewares.empty()) intercepted_.insert(name);
    if (!answering_.contains(router.service)) {
      answering_.emplace(router.service, answering_load_balancers(configuration, router.service));
    }
  }
}

void RouteClasses::add_port(const Configuration& configuration, uint16_t port, const std::string& entrypoint,
                            size_t literals_max) {
  Port& added = ports_[port];
  added.classes = classes_.size();
  if (const auto found = configuration.entrypoints.find(entrypoint);
      found != configuration.entrypoints.end() && !found->second.udp) {
    added.entrypoint = entrypoint;
    added.options = found->second.options;
  }
  Questions questions;
  for (const RuleNode* rule : table_.rules(added.entrypoint)) collect(*rule, questions);
  for (const auto& route : routes_) collect(route.rule, questions);
  const bool too_many = questions.literals.size() > literals_max;
  added.told_apart = too_many ? 0 : kLiteralBytesMax;
  if (too_many) questions.literals = {""};
  classes_.push_back({port, questions.host, questions.head || too_many,
                      std::vector<std::string>(questions.literals.begin(), questions.literals.end())});
}

RouteClasses::Found RouteClasses::find(uint16_t port, const RequestHead& head) const {
  static const Port kNone;
  const auto known = ports_.find(port);
  const Port& at = known == ports_.end() ? kNone : known->second;
  const auto seen = view_of(head, at.options);
  RequestView view = seen ? *seen : bare_view(head);
  if (!view.path && path_is_whole(head)) view.path = path_on_wire(head);
  Decision decision;
  choose_route(view, decision);
  if (!at.entrypoint.empty()) name_routers(table_.find(at.entrypoint, head), decision);
  const bool whole = known != ports_.end() && seen && goes_for_all(at, head, view, decision.name);
  return {std::move(decision.name), whole, std::move(decision.reason)};
}

RouteClasses::PathClass RouteClasses::class_of(uint16_t port, std::string_view path) const {
  const auto known = ports_.find(port);
  if (known == ports_.end()) return {0, path.empty()};
  const auto& literals = classes_[known->second.classes].literals;
  // Ascending: the last that the path begins with is the longest.
  const auto longest = std::find_if(literals.rbegin(), literals.rend(),
                                    [&](const std::string& literal) { return path.starts_with(literal); });
  return {static_cast<size_t>(literals.rend() - longest) - 1, *longest == path};
}

// Only what the class says of its requests.
RequestView RouteClasses::common_view(const Port& port, const RequestView& request) const {
  const PortClasses& classes = classes_[port.classes];
  const PathClass path = class_of(classes.port, *request.path);
  const std::string& literal = classes.literals[path.literal];
  RequestView view;
  view.unnamed_method = !is_named_method(request.method);
  if (!view.unnamed_method) view.method = request.method;
  if (classes.by_host) view.host = request.host;
  if (path.exact) {
    view.path = literal;
  } else {
    view.paths = PathsBelow{literal, port.told_apart};
  }
  view.headers_known = false;
  view.cname_flattening = request.cname_flattening;
  return view;
}

bool RouteClasses::goes_for_all(const Port& port, const RequestHead& head, const RequestView& request,
                                const RouteName& name) const {
  if (!path_is_whole(head) || !is_plain_path(path_on_wire(head))) return false;
  if (classes_[port.classes].by_host && !is_plain_host(request.host.value_or(""))) return false;
  const RequestView common = common_view(port, request);
  Decision decision;
  choose_route(common, decision);
  if (!port.entrypoint.empty()) name_routers(table_.find_for_class(port.entrypoint, common), decision);
  return !decision.incomplete && decision.name == name;
}

void RouteClasses::choose_route(const RequestView& view, Decision& decision) const {
  for (const auto& route : routes_) {
    const Evaluation evaluation = evaluate(route.rule, view);
    if (evaluation.verdict == Verdict::no) continue;
    if (evaluation.verdict == Verdict::yes) {
      decision.name.route = route.name;
    } else {
      decision.incomplete = true;
      decision.reason = "route " + route.name + ": " + std::string(evaluation.reason);
    }
    return;
  }
}

void RouteClasses::name_routers(const Route& route, Decision& decision) const {
  RouteName& name = decision.name;
  decision.incomplete = decision.incomplete || route.incomplete;
  if (const auto found = answering_.find(route.service); found != answering_.end()) {
    name.services = found->second;
    if (name.services.size() == 1) name.service = name.services.front();
  }
  if (route.outcome == Route::Outcome::unknown) {
    name.routers = {{std::string(kUnknown), route.service.empty() ? std::string(kUnknown) : route.service}};
    decision.reason = route.reason;
  } else if (route.outcome == Route::Outcome::matched) {
    const auto intercepted = [this](const std::string& router) { return intercepted_.contains(router); };
    // The root decides for all below it (BuildEPChain).
    if (!uncounted_.contains(route.parents.empty() ? route.router : route.parents.front())) {
      for (const auto& parent : route.parents) name.routers.push_back({parent, parent + "-muxer"});
      name.routers.push_back({route.router, route.service});
    }
    name.direct = !name.service.empty() && !intercepted(route.router) &&
                  std::none_of(route.parents.begin(), route.parents.end(), intercepted);
  }
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/routing_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

#include "traefik/evaluate.h"
#include "traefik/objection.h"
#include "traefik/service_check.h"

namespace mme::traefik {
namespace {

// pkg/server/router: what is above is for Traefik's own routers.
constexpr int64_t kUserPriorityMax = std::numeric_limits<int64_t>::max() - 1000;
constexpr size_t kDepthMax = 32;

// A dot at the end may be missing on either side, so the index knows hosts without any.
std::string_view without_dots(std::string_view host) {
  while (!host.empty() && host.back() == '.') host.remove_suffix(1);
  return host;
}

// The hosts without which a rule cannot match; nothing when it may match any.
std::optional<std::vector<std::string>> required_hosts(const RuleNode& node) {
  if (node.negated) return std::nullopt;
  if (node.kind == RuleNode::Kind::matcher) {
    if (node.matcher.kind != MatcherKind::host) return std::nullopt;
    return std::vector<std::string>{std::string(without_dots(node.matcher.values[0]))};
  }
  const bool any = node.kind == RuleNode::Kind::any;
  std::vector<std::string> all;
  for (const auto& child : node.children) {
    auto hosts = required_hosts(child);
    if (!any && hosts) return hosts;
    if (any && !hosts) return std::nullopt;
    if (any) all.insert(all.end(), hosts->begin(), hosts->end());
  }
  if (!any) return std::nullopt;
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

Route unknown(std::string reason) {
  Route route;
  route.outcome = Route::Outcome::unknown;
  route.reason = std::move(reason);
  return route;
}

}  // namespace

struct RoutingTable::Impl {
  // Routers of one muxer, by priority.
  struct Muxer {
    std::vector<size_t> order;  // indices of `compiled`
    // Places in `order`, ascending: of rules that need a host, by host, and of all others.
    std::unordered_map<std::string, std::vector<size_t>, StringHash, std::equal_to<>> by_host;
    std::vector<size_t> other;
  };

  struct Compiled {
    std::string name;
    std::string service;
    int64_t priority = 0;
    std::optional<RuleNode> rule;
    std::string unsupported;  // why there is no rule
    std::string doubt;        // why Traefik may have left it out
    bool rewrites = false;    // it has middlewares, so its children may see another request
    std::optional<Muxer> children;
  };

  struct Listener {
    EntrypointOptions options;
    std::string tcp_router;
    Muxer plain;
    Muxer tls;
  };

  explicit Impl(const Configuration& configuration) : unread(configuration.unread) {
    for (const auto& [name, entrypoint] : configuration.entrypoints) {
      if (entrypoint.udp) continue;
      Listener& listener = listeners[name];
      listener.options = entrypoint.options;
      if (const auto tcp = configuration.tcp_routers.find(name); tcp != configuration.tcp_routers.end()) {
        listener.tcp_router = tcp->second;
      }
    }
    std::map<std::string_view, std::vector<const Router*>> children;
    for (const auto& [name, router] : configuration.routers) {
      for (const auto& parent : router.parents) children[parent].push_back(&router);
    }
    for (const auto& [name, router] : configuration.routers) {
      if (router.parents.empty()) add_root(configuration, children, router);
    }
    for (auto& [name, listener] : listeners) {
      finish(listener.plain);
      finish(listener.tls);
    }
  }

  using Children = std::map<std::string_view, std::vector<const Router*>>;

  void add_root(const Configuration& configuration, const Children& children, const Router& router) {
    std::vector<Listener*> on;
    for (const auto& entrypoint : std::set<std::string>(router.entrypoints.begin(), router.entrypoints.end())) {
      if (const auto found = listeners.find(entrypoint); found != listeners.end()) on.push_back(&found->second);
    }
    if (on.empty()) return problem(router, "none of its entrypoints exists");
    const auto index = compile(configuration, children, router, 0);
    if (!index) return;
    for (auto* listener : on) (router.tls ? listener->tls : listener->plain).order.push_back(*index);
  }

  // What is wrong with the service and the middlewares that a router needs.
  static std::optional<Objection> needs(const Configuration& configuration, const Router& router, bool has_children) {
    auto found = has_children ? std::nullopt : service_objection(configuration, router.service);
    weigh(found, middlewares_objection(configuration, router.middlewares, provider_of(router.name)));
    return found;
  }

  // The index of the router, or nothing when Traefik leaves it out.
  std::optional<size_t> compile(const Configuration& configuration, const Children& children, const Router& router,
                                size_t depth) {
    const auto left_out = [&](std::string why) {
      problem(router, fmt::format("Traefik leaves it out: {}", why));
      return std::nullopt;
    };
    const auto below = children.find(router.name);
    const bool has_children = below != children.end();
    // One with both a service and routers below it is disabled in the API, and works all the same without its service.
    if (router.disabled == true && !(has_children && !router.service.empty())) return left_out("its API says disabled");
    if (depth > kDepthMax) return left_out("routers are nested in a circle");
    Compiled made;
    made.name = router.name;
    made.service = router.service;
    made.priority = effective_priority(router);
    made.rewrites = !router.middlewares.empty();
    if (made.priority > kUserPriorityMax && provider_of(router.name) != "internal") {
      return left_out(fmt::format("the priority {} is above the highest for users", made.priority));
    }
    auto rule = router.rule_problem.empty()
                    ? parse_rule(router.rule, router.rule_syntax)
                    : tl::make_unexpected(RuleError{RuleError::Kind::unsupported, 0, router.rule_problem});
    if (rule) {
      made.rule = std::move(*rule);
    } else {
      const std::string why = fmt::format("rule {}: {}", router.rule, to_string(rule.error()));
      if (rule.error().kind == RuleError::Kind::invalid) return left_out(why);
      problem(router, fmt::format("cannot be evaluated: {}", why));
      made.unsupported = fmt::format("router {}: {}", router.name, to_string(rule.error()));
    }
    if (!has_children && router.service.empty()) return left_out("it has no service");
    if (router.disabled == std::nullopt) {
      auto objection = needs(configuration, router, has_children);
      if (objection && objection->certain) return left_out(objection->reason);
      if (objection) {
        problem(router, fmt::format("Traefik may leave it out: {}", objection->reason));
        made.doubt = fmt::format("router {}: {}", router.name, objection->reason);
      }
    }
    if (made.priority > kUserPriorityMax) supreme.insert(made.name);
    if (has_children) {
      made.service = router.name + "-muxer";
      Muxer muxer;
      for (const Router* child : below->second) {
        if (child->tls || child->observability || !child->entrypoints.empty()) {
          problem(*child, "Traefik leaves it out: a router below another has neither tls nor entrypoints");
          continue;
        }
        if (const auto index = compile(configuration, children, *child, depth + 1)) muxer.order.push_back(*index);
      }
      if (muxer.order.empty()) return left_out("none of the routers below it can be used");
      finish(muxer);
      made.children = std::move(muxer);
    }
    compiled.push_back(std::move(made));
    return compiled.size() - 1;
  }

  void finish(Muxer& muxer) {
    std::stable_sort(muxer.order.begin(), muxer.order.end(),
                     [&](size_t a, size_t b) { return compiled[a].priority > compiled[b].priority; });
    for (size_t place = 0; place < muxer.order.size(); place++) {
      const auto& rule = compiled[muxer.order[place]].rule;
      const auto hosts = rule ? required_hosts(*rule) : std::nullopt;
      if (!hosts) {
        muxer.other.push_back(place);
        continue;
      }
      for (const auto& host : *hosts) muxer.by_host[host].push_back(place);
    }
  }

  // Calls `visit` with the routers that may match in the order of evaluation, until it returns false.
  void candidates(const Muxer& muxer, const RequestView& request,
                  const std::function<bool(const Compiled&)>& visit) const {
    if (!request.host || request.cname_flattening) {
      for (const size_t index : muxer.order) {
        if (!visit(compiled[index])) return;
      }
      return;
    }
    static const std::vector<size_t> kNone;
    const auto found = muxer.by_host.find(without_dots(*request.host));
    const auto& hosts = found == muxer.by_host.end() ? kNone : found->second;
    auto a = hosts.begin();
    auto b = muxer.other.begin();
    while (a != hosts.end() || b != muxer.other.end()) {
      const bool first = b == muxer.other.end() || (a != hosts.end() && *a < *b);
      if (!visit(compiled[muxer.order[first ? *a++ : *b++]])) return;
    }
  }

  Route find(const Muxer& muxer, const RequestView& request) const {
    std::vector<const Compiled*> matching;
    std::string reason;
    bool incomplete = false;
    candidates(muxer, request, [&](const Compiled& router) {
      if (!matching.empty() && router.priority < matching.front()->priority) return false;
      const Evaluation evaluation =
          router.rule ? evaluate(*router.rule, request) : Evaluation{Verdict::unknown, router.unsupported};
      if (evaluation.verdict == Verdict::no) return true;
      matching.push_back(&router);
      incomplete = incomplete || (router.rule && evaluation.verdict == Verdict::unknown);
      if (evaluation.verdict == Verdict::unknown && reason.empty()) {
        reason = router.rule ? fmt::format("router {}: {}", router.name, evaluation.reason) : router.unsupported;
      }
      if (reason.empty()) reason = router.doubt;
      return true;
    });
    if (matching.empty()) return {};
    const Compiled& first = *matching.front();
    if (!reason.empty()) {
      Route route = unknown(std::move(reason));
      route.incomplete = incomplete;
      return route;
    }
    if (matching.size() > 1) {
      Route route = unknown(fmt::format("routers {} and {} both match with priority {}: Traefik chooses by chance",
                                        first.name, matching[1]->name, first.priority));
      const bool same = std::all_of(matching.begin(), matching.end(), [&](const Compiled* other) {
        return other->service == first.service && !other->children;
      });
      if (same) route.service = first.service;
      return route;
    }
    if (first.children) return below(first, *first.children, request);
    Route route;
    route.outcome = Route::Outcome::matched;
    route.router = first.name;
    route.service = first.service;
    return route;
  }

  // A request that no router below matches is a 404 of the router above.
  Route below(const Compiled& parent, const Muxer& children, const RequestView& request) const {
    if (parent.rewrites) {
      return unknown(fmt::format("router {}: its middlewares may change what the routers below it see", parent.name));
    }
    Route route = find(children, request);
    if (route.outcome == Route::Outcome::unmatched) {
      route.outcome = Route::Outcome::matched;
      route.router = parent.name;
      route.service = parent.service;
    } else if (route.outcome == Route::Outcome::matched) {
      route.parents.insert(route.parents.begin(), parent.name);
    }
    return route;
  }

  // Where a request comes in, or why no router is certain to see it.
  tl::expected<const Listener*, Route> reached(std::string_view entrypoint, bool tls) const {
    const auto listener = listeners.find(entrypoint);
    if (listener == listeners.end()) {
      return tl::make_unexpected(unknown(fmt::format("there is no entrypoint {}", entrypoint)));
    }
    const std::string& tcp_router = listener->second.tcp_router;
    if (!tcp_router.empty() && !tls) {
      return tl::make_unexpected(unknown(fmt::format("the TCP router {} may take the connection", tcp_router)));
    }
    return &listener->second;
  }

  // A router that was not read may have a higher priority, save over Traefik's own.
  Route find_among_read(const Muxer& muxer, const RequestView& request) const {
    Route route = find(muxer, request);
    const bool own = route.outcome == Route::Outcome::matched && supreme.contains(route.router);
    if (unread.empty() || own) return route;
    const bool incomplete = route.incomplete;
    route = unknown(fmt::format("{} could not be read", unread.front()));
    route.incomplete = incomplete;
    return route;
  }

  void collect_rules(const Muxer& muxer, std::vector<const RuleNode*>& out) const {
    for (const size_t index : muxer.order) {
      const Compiled& router = compiled[index];
      if (router.rule) out.push_back(&*router.rule);
      if (router.children) collect_rules(*router.children, out);
    }
  }

  void problem(const Router& router, std::string what) {
    problems.push_back({router.source, fmt::format("router {}: {}", router.name, what)});
  }

  std::vector<std::string> unread;
  std::map<std::string, Listener, std::less<>> listeners;
  std::vector<Compiled> compiled;
  std::set<std::string, std::less<>> supreme;  // Traefik's own, above whatever a user may write
  Diagnostics problems;
};

RoutingTable::RoutingTable(const Configuration& configuration) : impl_(std::make_unique<Impl>(configuration)) {}
RoutingTable::RoutingTable(RoutingTable&&) noexcept = default;
RoutingTable& RoutingTable::operator=(RoutingTable&&) noexcept = default;
RoutingTable::~RoutingTable() = default;

Route RoutingTable::find(std::string_view entrypoint, const RequestHead& head) const {
  const auto listener = impl_->reached(entrypoint, head.tls);
  if (!listener) return listener.error();
  const auto view = view_of(head, (*listener)->options);
  if (!view) {
    Route route;
    route.outcome = Route::Outcome::refused;
    route.reason = view.error().reason;
    return route;
  }
  return impl_->find_among_read(head.tls ? (*listener)->tls : (*listener)->plain, *view);
}

Route RoutingTable::find_for_class(std::string_view entrypoint, const RequestView& common) const {
  const auto listener = impl_->reached(entrypoint, false);
  return listener ? impl_->find_among_read((*listener)->plain, common) : listener.error();
}

std::vector<const RuleNode*> RoutingTable::rules(std::string_view entrypoint) const {
  std::vector<const RuleNode*> out;
  const auto listener = impl_->listeners.find(entrypoint);
  if (listener != impl_->listeners.end()) impl_->collect_rules(listener->second.plain, out);
  return out;
}

const Diagnostics& RoutingTable::problems() const {
  return impl_->problems;
}

int64_t effective_priority(const Router& router) {
  return router.priority == 0 ? static_cast<int64_t>(router.rule.size()) : router.priority;
}

}  // namespace mme::traefik

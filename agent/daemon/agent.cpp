// SPDX-License-Identifier: Apache-2.0
#include "daemon/agent.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "config/slow_threshold.h"
#include "daemon/compat.h"
#include "daemon/direct_services.h"
#include "daemon/member_notes.h"
#include "daemon/process_usage.h"
#include "daemon/rules.h"
#include "daemon/server_status_notes.h"
#include "daemon/uris.h"
#include "daemon/version.h"
#include "metrics/names.h"
#include "metrics/resolve.h"

namespace mme {
namespace {

constexpr size_t kRetiredOf = 16;    // at a time, one of so many series,
constexpr size_t kRetiredLeast = 8;  // but not fewer

double seconds(Agent::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

uint64_t monotonic_ns() {
  return static_cast<uint64_t>(std::chrono::nanoseconds(Agent::Clock::now().time_since_epoch()).count());
}

// What the programs ask is answered at once.
class Answering final : public EventHandler {
 public:
  using OnCommand = std::function<void(const mme_mongo_exchange&, std::string_view, std::string_view)>;

  Answering(Routes& routes, ProxyOverhead& overhead, Observer& observer, OnCommand on_command)
      : routes_(routes), overhead_(overhead), observer_(observer), on_command_(std::move(on_command)) {}

  void question(const mme_route_question& question, std::string_view head) override {
    const auto route = routes_.decide(question, head);
    if (route) (void)observer_.answer(question.kind, *route);  // else the next request asks again
  }
  void exchange(const mme_route_exchange& exchange) override {
    mme_route_exchange decided = exchange;
    decided.key.route = routes_.ended(exchange);
    if (decided.key.route != MME_ROUTE_UNKNOWN) leg(decided);
  }
  void leg(const mme_route_exchange& leg) override {
    overhead_.add(leg);
    ++legs_;
  }
  void command(const mme_mongo_exchange& exchange, std::string_view request, std::string_view reply) override {
    on_command_(exchange, request, reply);
  }
  [[nodiscard]] uint64_t legs() const { return legs_; }

 private:
  uint64_t legs_ = 0;
  Routes& routes_;
  ProxyOverhead& overhead_;
  Observer& observer_;
  OnCommand on_command_;
};

bool contains(const std::vector<std::string>& all, const std::string& text) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::load(const Config& config, Logger& logger) {
  auto observer = Observer::load(observer_settings(config));
  if (!observer) return tl::make_unexpected(observer.error());
  return std::unique_ptr<Agent>(new Agent(config, std::move(*observer), logger));
}

Agent::Agent(const Config& config, std::unique_ptr<Observer> observer, Logger& logger)
    : logger_(logger),
      observer_(std::move(observer)),
      ledger_(config.series_per_family),
      cold_series_(std::clamp<size_t>(config.series_per_family / kRetiredOf, kRetiredLeast, MME_RETIRED_MAX)),
      routes_(config.histogram_bounds_s, config.series_per_family),
      overhead_(config.series_per_family),
      mongo_commands_(config.histogram_bounds_s, config.series_per_family),
      link_ledger_(config.series_per_family / MME_CONNECT_FAILURES),
      operator_routes_(operator_routes(config)),
      compat_traefik_(config.compat_traefik),
      started_at_(Clock::now()),
      names_watch_([this](const std::string& target, const traefik::Names& names,
                          const ConfigurationOfTraefik& configuration) { take_names(target, names, configuration); }) {
  discovery_.set_rules(target_rules(config));
  given_names_ = given_names(config);
  asked_names_ = asked_names(config);
  server_status_.follow(asked_mongods(config));
  slow_commands_.configure(config.slow);
  set_slow(config.slow);
  events_ = std::thread([this] { follow_events(); });
}

Agent::~Agent() {
  stopping_ = true;
  events_.join();
}

void Agent::follow_events() {
  constexpr std::chrono::milliseconds kWait{100};
  while (!stopping_) {
    observer_->wait_for_events(kWait);
    {
      const std::lock_guard lock(mutex_);
      take_events();
    }
    slow_commands_.write();
  }
}

void Agent::set_slow(const SlowConfig& slow) {
  mongo_commands_.set_slow(slow);
  if (const auto set = observer_->set_slow_from(least_threshold(slow)); !set) {
    logger_.error("slow commands are not seen", {{"problem", set.error().message}});
  }
}

void Agent::take_events() {
  const auto now = std::chrono::system_clock::now();
  const uint64_t now_ns = monotonic_ns();
  Answering answering(routes_, overhead_, *observer_, [&](const auto& exchange, auto request, auto reply) {
    learn_names(exchange.key);
    auto slow = mongo_commands_.ended(exchange, request, reply, *wire_names_);
    if (!slow) return;
    const std::chrono::nanoseconds ago(now_ns - std::min<uint64_t>(exchange.ended_ns, now_ns));
    slow->time = now - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago);
    slow->target = registry_.name_of(exchange.key.target);
    slow_commands_.add(std::move(*slow));
  });
  observer_->take_events(answering);
  join_legs(answering.legs());
}

void Agent::learn_names(const mme_series_key& key) {
  for (const uint64_t hash : key.name) {
    if (hash == 0 || wire_names_->contains(hash)) continue;
    auto name = observer_->wire_name(hash);
    if (!name) continue;
    auto names = std::make_shared<WireNames>(*wire_names_);
    names->emplace(hash, std::move(*name));
    wire_names_ = std::move(names);
  }
}

void Agent::join_legs(uint64_t legs) {
  const auto lost = observer_->legs_lost();  // what was lost of the requests that were just taken is in it
  if (!lost || *lost != legs_lost_) overhead_.forget(monotonic_ns());
  legs_lost_ = lost.value_or(legs_lost_);
  overhead_.join(context(), monotonic_ns());
  const auto longest = std::chrono::nanoseconds(overhead_.take_longest_ns());
  const LegSampling::Phase phase = leg_sampling_.decide(Clock::now(), legs, longest);
  const bool wanted = phase != LegSampling::Phase::pause;
  if (phase == leg_phase_ || !observer_->want_legs(wanted)) return;
  leg_phase_ = phase;
  if (phase == LegSampling::Phase::rest)
    overhead_.end(monotonic_ns());
  else
    overhead_.begin(wanted ? monotonic_ns() : UINT64_MAX);
}

ResolveContext Agent::context() const {
  ResolveContext context = registry_.context();
  context.routes = routes_.table();
  return context;
}

void Agent::forget_routes(const std::string& target) {
  route_problems_.erase(target);
  configurations_.erase(target);
  const auto id = registry_.id(target);
  if (!id) return;
  routes_.forget(*id);
  (void)observer_->set_routes(*id, {});
}

// The rules of a Traefik's ports, as far as its names are known; the operator's routes in any case.
void Agent::set_routes(const std::string& target) {
  const auto id = registry_.id(target);
  if (!id) return;
  static const auto kNothing = std::make_shared<const traefik::Configuration>();
  const auto known = configurations_.find(target);
  const auto& configuration = known == configurations_.end() ? kNothing : known->second;
  const auto set = [&](size_t literals_max) {
    traefik::RouteClasses classes(*configuration, registry_.learnt_entrypoints(target), operator_routes_, literals_max);
    return observer_->set_routes(*id, routes_.set(*id, std::move(classes)));
  };
  route_problems_.erase(target);
  if (const auto written = set(traefik::kLiteralsMax); !written) {
    route_problems_[target] = written.error().message;
    (void)set(1);
  }
}

void Agent::tick(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  DiscoveryScan scan = discovery_.scan(now);
  discovery_problems_ = std::move(scan.problems);
  follow(scan.targets, now);
  follow_names(scan.targets);
  sample_mongo_connections(now);
  make_room(now);
  if (history_.due(seconds(now.time_since_epoch()))) (void)read();  // keeps what it read; a problem is remembered
  log_changes_of_problems();
  log_change_of_compat();
  log_changes_of_server_status();
}

void Agent::sample_mongo_connections(Clock::time_point now) {
  if (!mongo_pools_.due(now)) return;
  const auto connections = observer_->mongo_connections();
  if (!connections) return;  // a note says why
  mongo_pools_.sample(now, *connections, [this](uint64_t cookie) { return mongo_commands_.application_of(cookie); });
  mongo_commands_.forget_closed(*connections);
}

void Agent::make_room(Clock::time_point now) {
  mongo_commands_.retire(observer_->free_retired());
  if (!cold_series_.due(seconds(now.time_since_epoch()))) return;
  auto raw = observer_->read();
  if (!raw) return;
  take_events();
  mongo_commands_.add_to(*raw);
  observer_->retire(cold_series_.choose(*raw));
}

void Agent::follow(const std::vector<Target>& found, Clock::time_point now) {
  const TargetRegistry::Plan plan = registry_.plan(found, now);
  const ResolveContext before = plan.observe.empty() ? ResolveContext{} : context();
  const auto forget = [this](const Target& target) {
    observer_->forget(target);
    forget_routes(target.name);
    if (const auto id = registry_.id(target.name)) mongo_commands_.forget_member(*id);
    logger_.info("target is gone", {{"target", target.name}, {"pid", target.pid}, {"cgroup", target.cgroup}});
  };
  std::for_each(plan.forget.begin(), plan.forget.end(), forget);
  for (const Target& target : plan.observe) {
    std::string problem;
    if (const auto id = registry_.id(target.name); !id) {
      problem = id.error().message;
    } else if (const auto attached = observer_->observe(*id, target); !attached) {
      problem = attached.error().message;
    }
    registry_.observed(target, problem, now);
    if (problem.empty()) {
      if (target.kind == TargetKind::traefik) set_routes(target.name);
      logger_.info("target is observed", {{"target", target.name},
                                          {"pid", target.pid},
                                          {"cgroup", target.cgroup},
                                          {"listeners", target.listeners.size()}});
    }
  }
  std::for_each(plan.succeeded.begin(), plan.succeeded.end(), forget);
  if (!plan.observe.empty()) settle(before);
}

void Agent::settle(const ResolveContext& before) {
  auto raw = observer_->read();
  if (!raw) return;
  take_events();
  routes_.add_to(*raw);
  unanswered_.add_to(*raw, before);
  const ResolveContext after = context();
  link_ledger_.settle(raw->links, raw->first_bytes, before, after);
  ledger_.settle(std::move(*raw), before, after);
}

void Agent::follow_names(const std::vector<Target>& found) {
  std::vector<traefik::Watched> watched;
  for (const Target& target : found) {
    if (target.kind != TargetKind::traefik || target.rule >= given_names_.size()) continue;
    watched.push_back({target.name, target.pid, target.start_ticks, given_names_[target.rule]});
  }
  std::erase_if(name_problems_, [&](const auto& known) {
    return std::none_of(watched.begin(), watched.end(), [&](const auto& one) { return one.target == known.first; });
  });
  names_watch_.follow(std::move(watched));
}

void Agent::take_names(const std::string& target, const traefik::Names& names,
                       const ConfigurationOfTraefik& configuration) {
  TargetRegistry::Learnt learnt;
  for (const auto& [port, name] : names.entrypoints) {
    learnt.entrypoints[port] = name.name;
    learnt.names.push_back({"entrypoint", ":" + std::to_string(port), name.name, to_string(name.source)});
  }
  const Services direct = direct_services(*configuration);
  for (const auto& [address, server] : names.servers) {
    learnt.servers[address] = {server.service, server.url, server.services, those_of(server.services, direct)};
    learnt.names.push_back({"server", address, server.service, to_string(server.source)});
  }
  for (const auto& [service, servers] : names.servers_up) {
    for (const auto& [url, up] : servers) {
      learnt.servers_up.push_back({label_text(service, false), label_text(url, false), up});
    }
  }
  learnt.own_metrics = names.own_metrics;

  const std::lock_guard lock(mutex_);
  if (!registry_.is_present(target)) return;
  const ResolveContext before = context();
  registry_.learnt(target, std::move(learnt));
  settle(before);
  configurations_[target] = configuration;
  set_routes(target);
  name_problems_[target] = names.problems;
  logger_.info("names are known", {{"target", target},
                                   {"entrypoints", names.entrypoints.size()},
                                   {"servers", names.servers.size()},
                                   {"problems", names.problems.size()}});
}

void Agent::log_changes_of_problems() {
  std::vector<std::string> problems = current_problems();
  for (const std::string& problem : problems) {
    if (!contains(logged_problems_, problem)) logger_.warn("not ready", {{"problem", problem}});
  }
  for (const std::string& problem : logged_problems_) {
    if (!contains(problems, problem)) logger_.info("no longer a problem", {{"problem", problem}});
  }
  logged_problems_ = std::move(problems);
}

bool Agent::traefik_families() const {
  return serves_traefik_families(compat_traefik_, registry_.own_metrics());
}

void Agent::log_change_of_compat() {
  const bool served = traefik_families();
  if (std::exchange(logged_traefik_families_, served) == served) return;
  logger_.info(served ? "the traefik_* families are served" : "the traefik_* families are left out");
}

void Agent::log_changes_of_server_status() {
  std::set<std::string> without_answer;
  for (const mongo::AskedState& state : server_status_.states()) {
    const bool was_logged = logged_without_answer_.contains(state.name);
    const bool fails = state.asked ? state.error.has_value() : was_logged;  // after a reload it has not been asked yet
    if (fails) without_answer.insert(state.name);
    if (fails && !was_logged) {
      logger_.warn("no serverStatus",
                   {{"target", state.name}, {"address", state.address}, {"why", to_string(*state.error)}});
    } else if (was_logged && !fails) {
      logger_.info("serverStatus again", {{"target", state.name}, {"address", state.address}});
    }
  }
  logged_without_answer_ = std::move(without_answer);
}

void Agent::reconfigure(const Config& config) {
  server_status_.follow(asked_mongods(config));  // without the lock: it may wait for one that does not answer,
  slow_commands_.configure(config.slow);         // and this one for the disk
  const std::lock_guard lock(mutex_);
  asked_names_ = asked_names(config);
  discovery_.set_rules(target_rules(config));
  given_names_ = given_names(config);
  operator_routes_ = operator_routes(config);
  compat_traefik_ = config.compat_traefik;
  set_slow(config.slow);
  for (const auto& [target, configuration] : configurations_) set_routes(target);
  registry_.reconfigured();
}

void Agent::set_config_ok(bool ok) {
  const std::lock_guard lock(mutex_);
  config_ok_ = ok;
}

Result<Snapshot> Agent::read() {
  auto raw = observer_->read();
  take_events();  // after the maps: see FirstBytes
  read_problem_ = raw ? "" : raw.error().message;
  if (!raw) return tl::make_unexpected(raw.error());
  wire_names_ = raw->names;
  mongo_commands_.add_to(*raw);
  mongo_pools_.add_to(*raw);
  routes_.add_to(*raw);
  const ResolveContext names = context();
  unanswered_.add_to(*raw, names);
  link_ledger_.apply(raw->links, raw->first_bytes);
  raw->overheads = overhead_.overheads();
  const std::vector<RawFirstBytes> first_bytes = std::move(raw->first_bytes);
  const std::set<LinkNames> answering = answering_servers(raw->series, names);
  Snapshot snapshot = resolve(std::move(*raw), names, ledger_);
  snapshot.entrypoint_first_byte = first_bytes_.entrypoints(snapshot.entrypoint, first_bytes, names);
  snapshot.upstream_first_byte = first_bytes_.upstreams(snapshot.upstream, first_bytes, names);
  std::erase_if(snapshot.mongo_members, [&](const auto& member) { return !registry_.is_present(member.target); });
  snapshot.targets = registry_.states(Clock::now());
  snapshot.servers_up = servers_up(registry_.servers_up(), snapshot.links, answering);
  snapshot.attachments = observer_->attachments();
  snapshot.slow_lines_lost = slow_commands_.lost();
  snapshot.traefik_families = traefik_families();
  snapshot.agent = {version(), revision(), config_ok_, process_usage()};
  if (history_.due(snapshot.monotonic_s)) history_.add(totals(snapshot));
  return snapshot;
}

Result<Snapshot> Agent::locked_read() {
  const std::lock_guard lock(mutex_);
  return read();
}

// The mongods answer while the maps are read; nobody else waits for those that do not.
Result<TextSource> Agent::metrics(Subset subset) {
  const auto questions = subset == Subset::traefik ? nullptr : server_status_.ask();
  auto snapshot = locked_read();
  if (!snapshot) return tl::make_unexpected(snapshot.error());
  if (questions != nullptr) snapshot->mongods = server_status_.answers(*questions);
  return exposition(std::move(*snapshot), subset);
}

Result<Status> Agent::status() {
  (void)server_status_.answers(*server_status_.ask());  // so that it says how they answer now
  const std::lock_guard lock(mutex_);
  auto snapshot = read();
  if (!snapshot) return tl::make_unexpected(snapshot.error());
  const Totals now = totals(*snapshot);
  const Totals before = history_.before(now.monotonic_s);

  Status status;
  status.version = snapshot->agent.version;
  status.revision = snapshot->agent.revision;
  status.uptime_s = seconds(Clock::now() - started_at_);
  status.problems = current_problems();
  status.notes = current_notes();
  status.config_reload_ok = config_ok_;
  status.window_s = now.monotonic_s - before.monotonic_s;
  status.groups = group_status(before, now);
  status.targets = std::move(snapshot->targets);
  describe_members(status.targets, snapshot->mongo_members);
  describe_server_status(status.targets, asked_names_, server_status_.states(), Clock::now());
  status.attachments = std::move(snapshot->attachments);
  status.accounts = std::move(snapshot->accounts);
  status.series_in_use = std::move(snapshot->series_in_use);
  status.series_overflow = std::move(snapshot->series_overflow);
  status.programs = std::move(snapshot->programs);
  status.map_bytes = std::move(snapshot->map_bytes);
  status.process = snapshot->agent.process;
  status.open_entrypoint_connections = snapshot->open_entrypoint_connections;
  status.open_mongo_connections = snapshot->open_mongo_connections;
  return status;
}

std::vector<std::string> Agent::problems() {
  const std::lock_guard lock(mutex_);
  return current_problems();
}

std::vector<std::string> Agent::current_problems() const {
  std::vector<std::string> problems;
  for (const DiscoveryProblem& problem : discovery_problems_) {
    if (problem.severity == DiscoveryProblem::Severity::note) continue;
    problems.push_back(problem.subject + ": " + problem.message);
  }
  for (const std::string& problem : registry_.problems()) problems.push_back(problem);
  if (!read_problem_.empty()) problems.push_back(read_problem_);
  if (!registry_.any_present() && problems.empty()) problems.emplace_back("no traefik or mongod process found");
  return problems;
}

std::vector<std::string> Agent::current_notes() const {
  std::vector<std::string> notes = observer_->notes();
  for (const DiscoveryProblem& problem : discovery_problems_) {
    if (problem.severity == DiscoveryProblem::Severity::note) notes.push_back(problem.subject + ": " + problem.message);
  }
  for (const auto& [target, problem] : route_problems_) {
    std::string note = target;
    note.append(": routes: ").append(problem).append("; each request is asked for");
    notes.push_back(std::move(note));
  }
  for (const auto& [target, problems] : name_problems_) {
    const std::string subject = target + ": names: ";
    for (const std::string& problem : problems) notes.push_back(subject + problem);
  }
  for (const std::string& note : compat_notes(compat_traefik_, registry_.own_metrics())) notes.push_back(note);
  for (const std::string& note : server_status_notes(server_status_.states(), Clock::now())) notes.push_back(note);
  if (std::string problem = slow_commands_.problem(); !problem.empty()) notes.push_back(std::move(problem));
  if (!config_ok_) notes.emplace_back("the configuration file was refused at the last reload; the old one is in force");
  return notes;
}

uint64_t Agent::map_bytes(int possible_cpus) const {
  return observer_->map_bytes(possible_cpus);
}

uint64_t Agent::connection_bytes() const {
  return observer_->connection_bytes();
}

}  // namespace mme

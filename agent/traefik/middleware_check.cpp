// SPDX-License-Identifier: Apache-2.0
// Each check names the function of Traefik 3.6.1 below pkg/middlewares that it repeats.
#include "traefik/middleware_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "traefik/ascii.h"
#include "traefik/ip_set.h"
#include "traefik/objection.h"
#include "traefik/predicate.h"
#include "traefik/regex.h"

namespace mme::traefik {
namespace {

std::vector<std::string> list(const TreeNode& node, std::string_view name) {
  const TreeNode* found = node.find(name);
  return found == nullptr ? std::vector<std::string>() : found->texts();
}

// What of the integer is there; the field is known to be one.
std::optional<int64_t> integer(const TreeNode& node, std::string_view name) {
  const TreeNode* found = node.find(name);
  return found == nullptr ? std::nullopt : parse_integer(found->value);
}

bool is_on(const TreeNode& node, std::string_view name) {
  return parse_bool(node.text(name)).value_or(false);
}

// allowEmpty: there, and not switched off.
bool is_there(const TreeNode& node, std::string_view name) {
  const TreeNode* found = node.find(name);
  return found != nullptr && (found->value.empty() || equal_fold(found->value, "true"));
}

Objections check_regex(std::string_view pattern) {
  const auto regex = Regex::compile(pattern);
  if (regex) return std::nullopt;
  std::string reason = fmt::format("the regular expression {}: {}", pattern, regex.error().problem);
  return Objection{!regex.error().unsupported, std::move(reason)};
}

// addprefix/add_prefix.go New
Objections check_add_prefix(const TreeNode& options, Middleware&) {
  return options.text("prefix").empty() ? refused("its prefix is empty") : std::nullopt;
}

// auth/basic_auth.go basicUserParser, auth/digest_auth.go digestUserParser
Objections check_user(std::string_view user, int colons) {
  if (std::count(user.begin(), user.end(), ':') == colons) return std::nullopt;
  // Not the text itself, which may hold a password.
  return refused(colons == 1 ? "a user is not name:hash" : "a user is not name:realm:hash");
}

// auth/auth.go getUsers
Objections check_users(const TreeNode& options, Middleware& into, NeededFile::Content content) {
  if (const auto file = options.text("usersFile"); !file.empty()) into.files.push_back({content, std::string(file)});
  for (const auto& user : list(options, "users")) {
    if (auto objection = check_user(user, content == NeededFile::Content::basic_users ? 1 : 2)) return objection;
  }
  return std::nullopt;
}
Objections check_basic_auth(const TreeNode& options, Middleware& into) {
  return check_users(options, into, NeededFile::Content::basic_users);
}
Objections check_digest_auth(const TreeNode& options, Middleware& into) {
  return check_users(options, into, NeededFile::Content::digest_users);
}

// buffering/buffering.go New, oxy/v2/buffer/options.go
Objections check_buffering(const TreeNode& options, Middleware&) {
  for (const auto* name :
       {"maxRequestBodyBytes", "memRequestBodyBytes", "maxResponseBodyBytes", "memResponseBodyBytes"}) {
    if (integer(options, name).value_or(0) < 0) return refused(fmt::format("its {} is negative", name));
  }
  const auto expression = options.text("retryExpression");
  return expression.empty() ? std::nullopt : predicate_objection(expression, PredicateKind::retry);
}

// chain/chain.go New
Objections check_chain(const TreeNode& options, Middleware& into) {
  into.chain = list(options, "middlewares");
  return std::nullopt;
}

// circuitbreaker/circuit_breaker.go New, oxy/v2/cbreaker/cbreaker.go New
Objections check_circuit_breaker(const TreeNode& options, Middleware&) {
  return predicate_objection(options.text("expression"), PredicateKind::circuit_breaker);
}

// mime.ParseMediaType, without parameters
Objections check_media_type(std::string_view type) {
  if (type.find(';') != std::string_view::npos) {
    return undecided(fmt::format("only Traefik can judge the content type {}", type));
  }
  const std::string_view whole = trimmed(type);
  const size_t slash = whole.find('/');
  const bool good =
      is_token(whole.substr(0, slash)) && (slash == std::string_view::npos || is_token(whole.substr(slash + 1)));
  return good ? std::nullopt : refused(fmt::format("{} is no content type", type));
}

// compress/compress.go New
Objections check_compress(const TreeNode& options, Middleware&) {
  const auto excluded = list(options, "excludedContentTypes");
  const auto included = list(options, "includedContentTypes");
  if (!excluded.empty() && !included.empty()) return refused("it both excludes and includes content types");
  for (const auto* types : {&excluded, &included}) {
    for (const auto& type : *types) {
      if (auto objection = check_media_type(type)) return objection;
    }
  }
  const std::vector<std::string> supported = {"gzip", "br", "zstd"};
  auto encodings = list(options, "encodings");
  if (encodings.empty()) encodings = supported;
  for (const auto& encoding : encodings) {
    if (std::find(supported.begin(), supported.end(), encoding) == supported.end()) {
      return refused(fmt::format("its encoding {} is not supported", encoding));
    }
  }
  const auto preferred = options.text("defaultEncoding");
  if (!preferred.empty() && std::find(encodings.begin(), encodings.end(), preferred) == encodings.end()) {
    return refused(fmt::format("its default encoding {} is none of its encodings", preferred));
  }
  return std::nullopt;
}

// types/http_code_range.go NewHTTPCodeRanges
Objections check_codes(std::string_view codes) {
  const size_t dash = codes.find('-');
  const std::string_view high = dash == std::string_view::npos ? codes : codes.substr(dash + 1);
  const bool good = parse_integer(codes.substr(0, dash)) && parse_integer(high.substr(0, high.find('-')));
  return good ? std::nullopt : refused(fmt::format("the status {} is no code and no range of codes", codes));
}

// customerrors/custom_errors.go New
Objections check_errors(const TreeNode& options, Middleware& into) {
  into.error_service = options.text("service");
  for (const auto& codes : list(options, "status")) {
    if (auto objection = check_codes(codes)) return objection;
  }
  const TreeNode* rewrites = options.find("statusRewrites");
  if (rewrites == nullptr) return std::nullopt;
  for (const auto& rewrite : rewrites->children) {
    if (auto objection = check_codes(rewrite.name)) return objection;
  }
  return std::nullopt;
}

// types/tls.go ClientTLS.CreateTLSConfig; the certificates are taken to be right
Objections check_client_tls(const TreeNode& tls) {
  if (tls.text("cert").empty() == tls.text("key").empty()) return std::nullopt;
  return refused("it has only one of TLS certificate and key");
}

// auth/forward.go NewForward
Objections check_forward_auth(const TreeNode& options, Middleware&) {
  const auto pattern = options.text("authResponseHeadersRegex");
  if (!pattern.empty()) {
    if (auto objection = check_regex(pattern)) return objection;
  }
  const TreeNode* tls = options.find("tls");
  return tls == nullptr ? std::nullopt : check_client_tls(*tls);
}

// config/dynamic/middlewares.go HasCustomHeadersDefined, HasCorsHeadersDefined, HasSecureHeadersDefined
bool any_header(const TreeNode& options) {
  constexpr std::array<std::string_view, 3> kMaps = {"customRequestHeaders", "customResponseHeaders",
                                                     "sslProxyHeaders"};
  constexpr std::array<std::string_view, 7> kLists = {"accessControlAllowHeaders",
                                                      "accessControlAllowMethods",
                                                      "accessControlAllowOriginList",
                                                      "accessControlAllowOriginListRegex",
                                                      "accessControlExposeHeaders",
                                                      "allowedHosts",
                                                      "hostsProxyHeaders"};
  constexpr std::array<std::string_view, 12> kFlags = {"accessControlAllowCredentials",
                                                       "addVaryHeader",
                                                       "sslRedirect",
                                                       "sslTemporaryRedirect",
                                                       "sslForceHost",
                                                       "stsIncludeSubdomains",
                                                       "stsPreload",
                                                       "forceSTSHeader",
                                                       "frameDeny",
                                                       "contentTypeNosniff",
                                                       "browserXssFilter",
                                                       "isDevelopment"};
  constexpr std::array<std::string_view, 9> kTexts = {"sslHost",
                                                      "customFrameOptionsValue",
                                                      "customBrowserXSSValue",
                                                      "contentSecurityPolicy",
                                                      "contentSecurityPolicyReportOnly",
                                                      "publicKey",
                                                      "referrerPolicy",
                                                      "featurePolicy",
                                                      "permissionsPolicy"};
  const auto any = [](const auto& names, const auto& holds) { return std::any_of(names.begin(), names.end(), holds); };
  return any(kMaps, [&](auto name) { return options.find(name) != nullptr; }) ||
         any(kLists, [&](auto name) { return !list(options, name).empty(); }) ||
         any(kFlags, [&](auto name) { return is_on(options, name); }) ||
         any(kTexts, [&](auto name) { return !options.text(name).empty(); }) ||
         integer(options, "accessControlMaxAge").value_or(0) != 0 || integer(options, "stsSeconds").value_or(0) != 0;
}

// headers/headers.go New, headers/header.go NewHeader
Objections check_headers(const TreeNode& options, Middleware&) {
  if (!any_header(options)) return refused("it sets no header");
  for (const auto& pattern : list(options, "accessControlAllowOriginListRegex")) {
    if (auto objection = check_regex(pattern)) return objection;
  }
  return std::nullopt;
}

// ip/checker.go NewChecker
Objections check_ranges(const std::vector<std::string>& ranges) {
  for (const auto& range : ranges) {
    if (!IpRange::parse(range)) return refused(fmt::format("{} is neither an address nor a range", range));
  }
  return std::nullopt;
}

// config/dynamic/middlewares.go IPStrategy.Get
Objections check_ip_strategy(const TreeNode& owner) {
  constexpr int64_t kBitsMax = 128;
  if (!is_there(owner, "ipStrategy")) return std::nullopt;
  const TreeNode& strategy = *owner.find("ipStrategy");
  const bool by_depth = integer(strategy, "depth").value_or(0) > 0;
  const auto excluded = list(strategy, "excludedIPs");
  if (!by_depth && !excluded.empty()) return check_ranges(excluded);
  const auto subnet = integer(strategy, "ipv6Subnet");
  if (subnet && (*subnet <= 0 || *subnet > kBitsMax)) return refused(fmt::format("its ipv6Subnet is {}", *subnet));
  return std::nullopt;
}

// net/http/status.go StatusText
bool has_status_text(int64_t code) {
  struct Range {
    int64_t first;
    int64_t last;
  };
  constexpr std::array<Range, 10> kKnown = {{{100, 103},
                                             {200, 208},
                                             {226, 226},
                                             {300, 305},
                                             {307, 308},
                                             {400, 418},
                                             {421, 426},
                                             {428, 429},
                                             {431, 431},
                                             {451, 451}}};
  constexpr Range kServer = {500, 508};
  const auto within = [code](const Range& range) { return code >= range.first && code <= range.last; };
  return within(kServer) || code == 510 || code == 511 || std::any_of(kKnown.begin(), kKnown.end(), within);
}

// ipallowlist/ip_allowlist.go New, ipwhitelist/ip_whitelist.go New, which knows no rejectStatusCode
Objections check_ip_list(const TreeNode& options, Middleware&) {
  const auto ranges = list(options, "sourceRange");
  if (ranges.empty()) return refused("its sourceRange is empty");
  const int64_t code = integer(options, "rejectStatusCode").value_or(0);
  if (code != 0 && !has_status_text(code)) return refused(fmt::format("its rejectStatusCode is {}", code));
  if (auto objection = check_ranges(ranges)) return objection;
  return check_ip_strategy(options);
}

// extractor.go GetSourceExtractor
Objections check_source(const TreeNode& options) {
  const TreeNode* source = options.find("sourceCriterion");
  if (source == nullptr) return std::nullopt;
  const int criteria = static_cast<int>(source->find("ipStrategy") != nullptr) +
                       static_cast<int>(!source->text("requestHeaderName").empty()) +
                       static_cast<int>(is_on(*source, "requestHost"));
  if (criteria > 1) return refused("its sourceCriterion has more than one criterion");
  return check_ip_strategy(*source);
}

// inflightreq/inflight_req.go New
Objections check_in_flight(const TreeNode& options, Middleware&) {
  return check_source(options);
}

// ratelimiter/rate_limiter.go New, ratelimiter/redis_limiter.go newRedisLimiter
Objections check_rate_limit(const TreeNode& options, Middleware&) {
  if (auto objection = check_source(options)) return objection;
  if (parse_duration(options.text("period")).value_or(0) < 0) return refused("its period is negative");
  const TreeNode* tls = options.find_path("redis.tls");
  return tls == nullptr ? std::nullopt : check_client_tls(*tls);
}

// redirect/redirect.go newRedirect
Objections check_redirect_regex(const TreeNode& options, Middleware&) {
  return check_regex(options.text("regex"));
}

// redirect/redirect_scheme.go NewRedirectScheme
Objections check_redirect_scheme(const TreeNode& options, Middleware&) {
  return options.text("scheme").empty() ? refused("its scheme is empty") : std::nullopt;
}

// replacepathregex/replace_path_regex.go New
Objections check_replace_path_regex(const TreeNode& options, Middleware&) {
  return check_regex(trimmed(options.text("regex")));
}

// retry/retry.go New
Objections check_retry(const TreeNode& options, Middleware&) {
  return integer(options, "attempts").value_or(0) > 0 ? std::nullopt : refused("its attempts are not above 0");
}

// stripprefixregex/strip_prefix_regex.go New
Objections check_strip_prefix_regex(const TreeNode& options, Middleware&) {
  for (const auto& pattern : list(options, "regex")) {
    if (auto objection = check_regex(pattern)) return objection;
  }
  return std::nullopt;
}

Objections accepted(const TreeNode&, Middleware&) {
  return std::nullopt;
}

struct Type {
  std::string_view name;
  Objections (*check)(const TreeNode& options, Middleware& into);
};
// In the order of buildConstructor.
constexpr std::array<Type, 25> kTypes = {{{"addPrefix", check_add_prefix},
                                          {"basicAuth", check_basic_auth},
                                          {"buffering", check_buffering},
                                          {"chain", check_chain},
                                          {"circuitBreaker", check_circuit_breaker},
                                          {"compress", check_compress},
                                          {"contentType", accepted},
                                          {"errors", check_errors},
                                          {"digestAuth", check_digest_auth},
                                          {"forwardAuth", check_forward_auth},
                                          {"grpcWeb", accepted},
                                          {"headers", check_headers},
                                          {"ipWhiteList", check_ip_list},
                                          {"ipAllowList", check_ip_list},
                                          {"inFlightReq", check_in_flight},
                                          {"passTLSClientCert", accepted},
                                          {"rateLimit", check_rate_limit},
                                          {"redirectRegex", check_redirect_regex},
                                          {"redirectScheme", check_redirect_scheme},
                                          {"replacePath", accepted},
                                          {"replacePathRegex", check_replace_path_regex},
                                          {"retry", check_retry},
                                          {"stripPrefix", accepted},
                                          {"stripPrefixRegex", check_strip_prefix_regex},
                                          {"plugin", accepted}}};

// auth/auth.go getLinesFromFile
Objections check_users_file(std::string_view text, int colons) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (check_user(line, colons)) return undecided("a user in its file is malformed");
  }
  return std::nullopt;
}

Objections check_file(const NeededFile& file, const ReadText& read) {
  const auto text = read(file.path);
  if (!text) return undecided(fmt::format("its file {} cannot be read", file.path));
  return check_users_file(*text, file.content == NeededFile::Content::basic_users ? 1 : 2);
}

}  // namespace

Middleware read_middleware(const TreeNode& definition, Source source) {
  Middleware made;
  made.source = std::move(source);
  size_t types = 0;
  for (const Type& type : kTypes) {
    const TreeNode* options = definition.find(type.name);
    if (options == nullptr || (options->children.empty() && !is_there(definition, type.name))) continue;
    types++;
    made.objection = type.check(*options, made);
  }
  if (types > 1) made.objection = refused("it has more than one type");
  if (types == 0) made.objection = refused("it has no type");
  return made;
}

void look_at_files(Configuration& configuration, const ReadText& read) {
  for (auto& [name, middleware] : configuration.middlewares) {
    for (const auto& file : std::exchange(middleware.files, {})) {
      if (auto objection = check_file(file, read); objection && !middleware.objection) middleware.objection = objection;
    }
  }
}

}  // namespace mme::traefik

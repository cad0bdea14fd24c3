// SPDX-License-Identifier: Apache-2.0
// Which routers Traefik leaves out for a middleware or a service that it refuses. What each line says was asked of the
// API of Traefik 3.6.1, save the undecided ones, where the agent must not say anything.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "traefik/dynamic.h"
#include "traefik/middleware_check.h"
#include "traefik/routing_table.h"

namespace mme::traefik {
namespace {

constexpr std::string_view kDocument = R"~(
http:
  serversTransports: {{known: {{serverName: x}}}}
  middlewares:
    good: {{addPrefix: {{prefix: /a}}}}
    bad: {{addPrefix: {{prefix: ""}}}}
    deep: {{chain: {{middlewares: [bad]}}}}
    circle: {{chain: {{middlewares: [circle]}}}}
    judged: {0}
  services:
    s1: {{loadBalancer: {{servers: [{{url: "http://127.0.0.1:1"}}]}}}}
    healthy: {{loadBalancer: {{servers: [], healthCheck: {{path: /, interval: 1h}}}}}}
    badurl: {{loadBalancer: {{servers: [{{url: ":bad"}}]}}}}
    judged: {1}
  routers:
    judged: {{rule: "Path(`/`)", entryPoints: [web], middlewares: [judged], service: judged, priority: 100}}
    next: {{rule: "PathPrefix(`/`)", entryPoints: [web], service: s1}}
)~";
constexpr std::string_view kGoodMiddleware = "{addPrefix: {prefix: /a}}";
constexpr std::string_view kGoodService = "{loadBalancer: {servers: []}}";

// A line each: what becomes of a router, and the middleware.
constexpr std::string_view kMiddlewares = R"~(
ok {addPrefix: {prefix: /a}}
refused {addPrefix: {prefix: ""}}
ok {basicAuth: {users: ["a:b"]}}
ok {basicAuth: {users: "a:b,c:d"}}
ok {basicAuth: {realm: x}}
refused {basicAuth: {users: [nonsense]}}
refused {basicAuth: {users: ["a:b:c"]}}
refused {basicAuth: {users: ["a:b", ""]}}
ok {digestAuth: {users: ["a:b:c"]}}
refused {digestAuth: {users: ["a:b"]}}
ok {ipAllowList: {sourceRange: [10.0.0.0/8, "::1", 1.2.3.4]}}
ok {ipAllowList: {sourceRange: "10.0.0.0/8, 1.2.3.4"}}
refused {ipAllowList: {sourceRange: [nonsense]}}
refused {ipAllowList: {sourceRange: [10.0.0.0/33]}}
refused {ipAllowList: {sourceRange: [010.0.0.1]}}
refused {ipAllowList: {sourceRange: []}}
refused {ipAllowList: {rejectStatusCode: 404}}
ok {ipAllowList: {sourceRange: [10.0.0.0/8], rejectStatusCode: 418}}
refused {ipAllowList: {sourceRange: [10.0.0.0/8], rejectStatusCode: 9}}
refused {ipAllowList: {sourceRange: [10.0.0.0/8], rejectStatusCode: 419}}
refused {ipAllowList: {sourceRange: [10.0.0.0/8], rejectStatusCode: 509}}
ok {ipAllowList: {sourceRange: [10.0.0.0/8], rejectStatusCode: 511}}
ok {ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {depth: 1, excludedIPs: [x]}}}
refused {ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {excludedIPs: [x]}}}
refused {ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {ipv6Subnet: 129}}}
ok {ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {}}}
ok {ipWhiteList: {sourceRange: [10.0.0.0/8]}}
refused {ipWhiteList: {sourceRange: [x]}}
refused {errors: {status: ["500"], service: nosuch, query: /}}
refused {errors: {status: [abc], service: s1, query: /}}
ok {errors: {status: ["500-599", "404"], service: s1, query: /}}
ok {errors: {status: ["500-599-x"], service: s1, query: /}}
refused {errors: {status: ["500-"], service: s1}}
refused {errors: {statusRewrites: {a-b: 5}, service: s1}}
ok {errors: {statusRewrites: {"400-499": 500}, service: s1}}
refused {errors: {query: /}}
ok {forwardAuth: {address: "http://127.0.0.1:1/"}}
ok {forwardAuth: {address: "http://127.0.0.1:1/", tls: {insecureSkipVerify: true}}}
refused {forwardAuth: {address: "http://127.0.0.1:1/", tls: {cert: x}}}
ok {forwardAuth: {address: "http://127.0.0.1:1/", tls: {ca: /nosuch}}}
ok {forwardAuth: {address: "http://127.0.0.1:1/", tls: {cert: x, key: y}}}
refused {forwardAuth: {address: "http://127.0.0.1:1/", authResponseHeadersRegex: "("}}
ok {forwardAuth: {address: "http://127.0.0.1:1/", authResponseHeadersRegex: "^X-"}}
ok {circuitBreaker: {expression: "NetworkErrorRatio() > 0.30"}}
ok {circuitBreaker: {expression: "LatencyAtQuantileMS(50.0) > 100 && (ResponseCodeRatio(500, 600, 0, 600) >= 0.5 || NetworkErrorRatio() != 0.1)"}}
refused {circuitBreaker: {expression: "LatencyAtQuantileMS(50) > 100"}}
refused {circuitBreaker: {expression: "LatencyAtQuantileMS(50.0) > 100.0"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio() > 1"}}
refused {circuitBreaker: {expression: "0.3 < NetworkErrorRatio()"}}
refused {circuitBreaker: {expression: "nonsense("}}
refused {circuitBreaker: {expression: "NetworkErrorRatio()"}}
refused {circuitBreaker: {expression: "!(NetworkErrorRatio() > 0.3)"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio() > 0.3 NetworkErrorRatio()"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio() > 0.3 &&"}}
refused {circuitBreaker: {expression: "(NetworkErrorRatio() > 0.3"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio > 0.3"}}
refused {circuitBreaker: {expression: "ResponseCodeRatio(500, 600) > 0.3"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio() > 0.3 == NetworkErrorRatio() > 0.3"}}
refused {circuitBreaker: {expression: "NetworkErrorRatio() > 0.3 && NetworkErrorRatio()"}}
refused {circuitBreaker: {expression: "IsNetworkError()"}}
refused {circuitBreaker: {checkPeriod: 10s}}
undecided {circuitBreaker: {expression: "NetworkErrorRatio() > 3e-1"}}
undecided {circuitBreaker: {expression: "NetworkErrorRatio() > -0.3"}}
undecided {circuitBreaker: {expression: "ResponseCodeRatio(500, 600, 0, 600,) > 0.3"}}
ok {buffering: {retryExpression: "IsNetworkError() && Attempts() < 2"}}
ok {buffering: {retryExpression: "RequestMethod() == \"GET\" || ResponseCode() == 502"}}
refused {buffering: {retryExpression: "RequestMethod() < \"GET\""}}
refused {buffering: {retryExpression: "nonsense("}}
refused {buffering: {retryExpression: "Attempts() < 2.0"}}
ok {buffering: {maxRequestBodyBytes: 5}}
refused {buffering: {memResponseBodyBytes: -1}}
ok {rateLimit: {average: 5, period: 1m30s}}
ok {rateLimit: {average: 5, period: 10}}
refused {rateLimit: {average: 5, period: -1s}}
refused {rateLimit: {average: 5, period: -1}}
refused {rateLimit: {average: 5, sourceCriterion: {requestHost: true, requestHeaderName: x}}}
refused {rateLimit: {average: 5, sourceCriterion: {ipStrategy: {excludedIPs: [x]}}}}
ok {inFlightReq: {amount: 0}}
refused {inFlightReq: {amount: 1, sourceCriterion: {requestHost: true, ipStrategy: {depth: 1}}}}
ok {retry: {attempts: 3}}
refused {retry: {attempts: 0}}
refused {retry: {initialInterval: 1s}}
ok {redirectScheme: {scheme: https}}
refused {redirectScheme: {scheme: ""}}
ok {redirectRegex: {regex: "^http://(.*)", replacement: x}}
refused {redirectRegex: {regex: "(", replacement: x}}
refused {redirectRegex: {regex: "a(?!b)", replacement: x}}
refused {replacePathRegex: {regex: "(", replacement: x}}
ok {replacePathRegex: {regex: " ^/a ", replacement: x}}
ok {replacePath: {path: ""}}
ok {stripPrefix: {prefixes: [/a]}}
ok {stripPrefix: {prefixes: []}}
refused {stripPrefixRegex: {regex: ["ok", "("]}}
ok {stripPrefixRegex: {regex: ["^/a+"]}}
ok {compress: {}}
ok {compress: true}
refused {compress: false}
refused {compress: {excludedContentTypes: [a], includedContentTypes: [b]}}
ok {compress: {excludedContentTypes: [text/html]}}
refused {compress: {excludedContentTypes: ["text /html"]}}
refused {compress: {excludedContentTypes: ["text/html/x"]}}
refused {compress: {encodings: [lzma]}}
ok {compress: {encodings: [br], defaultEncoding: br}}
refused {compress: {encodings: [br], defaultEncoding: gzip}}
undecided {compress: {excludedContentTypes: ["text/html; charset=x"]}}
ok {contentType: {}}
ok {grpcWeb: {allowOrigins: ["*"]}}
ok {passTLSClientCert: {pem: true}}
ok {headers: {customRequestHeaders: {X-A: b}}}
ok {headers: {stsSeconds: 5}}
ok {headers: {browserXssFilter: true}}
refused {headers: {frameDeny: false}}
refused {headers: {accessControlAllowOriginList: []}}
refused {headers: {accessControlAllowOriginListRegex: ["("]}}
ok {headers: {permissionsPolicy: x}}
refused {}
refused {stripPrefix: {prefixes: [/x]}, addPrefix: {prefix: /y}}
ok {plugin: {nosuch: {a: b}}}
refused {plugin: {nosuch: {a: b}}, addPrefix: {prefix: /y}}
ok {chain: {middlewares: [good]}}
refused {chain: {middlewares: [nosuch]}}
refused {chain: {middlewares: [good, bad]}}
refused {chain: {middlewares: [deep]}}
refused {chain: {middlewares: [circle]}}
refused {chain: {middlewares: [nosuch@docker]}}
ok {chain: {middlewares: []}}
)~";

constexpr std::string_view kServices = R"~(
ok {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}
ok {loadBalancer: {servers: [{url: "http://127.0.0.1:1/base?x=%zz"}]}}
ok {loadBalancer: {servers: [{url: "http://[::1]:80"}, {url: "h2c://name"}]}}
ok {loadBalancer: {servers: []}}
ok {loadBalancer: {servers: [{weight: 1}]}}
ok {loadBalancer: {servers: [{url: "127.0.0.1"}]}}
ok {loadBalancer: {servers: [{url: "localhost:80"}]}}
refused {loadBalancer: {servers: [{url: "127.0.0.1:80"}]}}
refused {loadBalancer: {servers: [{url: ":bad"}]}}
refused {loadBalancer: {servers: [{url: "http://a b:80"}]}}
refused {loadBalancer: {servers: [{url: "http://a:x"}]}}
refused {loadBalancer: {servers: [{url: "http://a/%zz"}]}}
refused {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}, {url: "http://a b:80"}]}}
refused {loadBalancer: {servers: [{url: "http://a b:%%"}]}}
undecided {loadBalancer: {servers: [{url: "http://user@a:80"}]}}
undecided {loadBalancer: {servers: [{url: "http://a%41"}]}}
ok {loadBalancer: {serversTransport: known, servers: [{url: "http://127.0.0.1:1"}]}}
ok {loadBalancer: {serversTransport: default@internal, servers: [{url: "http://127.0.0.1:1"}]}}
refused {loadBalancer: {serversTransport: nosuch, servers: [{url: "http://127.0.0.1:1"}]}}
ok {loadBalancer: {serversTransport: nosuch, servers: []}}
refused {loadBalancer: {serversTransport: nosuch, servers: [], healthCheck: {path: /}}}
refused {loadBalancer: {strategy: nonsense, servers: []}}
ok {loadBalancer: {strategy: p2c, servers: []}}
refused {}
refused {loadBalancer: {servers: []}, weighted: {services: [{name: s1}]}}
ok {weighted: {services: [{name: s1}]}}
refused {weighted: {services: [{name: s1}, {name: nosuch}]}}
refused {weighted: {services: [{weight: 1}]}}
refused {weighted: {services: [{name: s1}], healthCheck: {}}}
ok {weighted: {services: [{name: healthy}], healthCheck: {}}}
ok {highestRandomWeight: {services: [{name: s1}]}}
refused {highestRandomWeight: {services: [{name: s1}], healthCheck: {}}}
ok {mirroring: {service: s1, mirrors: [{name: s1, percent: 10}]}}
refused {mirroring: {service: s1, mirrors: [{name: s1, percent: 101}]}}
refused {mirroring: {service: s1, mirrors: [{name: nosuch}]}}
refused {mirroring: {service: nosuch}}
refused {mirroring: {mirrors: [{name: s1}]}}
ok {mirroring: {service: s1, healthCheck: {}}}
refused {failover: {service: s1, fallback: s1}}
ok {failover: {service: healthy, fallback: s1}}
refused {failover: {service: healthy, fallback: s1, healthCheck: {}}}
refused {failover: {service: healthy}}
refused {failover: {service: badurl, fallback: s1}}
)~";

struct Case {
  std::string_view verdict;
  std::string_view definition;
};

std::vector<Case> cases_of(std::string_view lines) {
  std::vector<Case> cases;
  lines.remove_prefix(1);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    const size_t blank = line.find(' ');
    cases.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  return cases;
}

Configuration configuration_of(std::string_view middleware, std::string_view service) {
  const std::string text = fmt::format(fmt::runtime(kDocument), middleware, service);
  auto configuration = parse_dynamic(text, FileFormat::yaml, {SourceKind::file, "f", 0});
  EXPECT_TRUE(configuration) << text << (configuration ? "" : to_string(configuration.error().front()));
  if (!configuration) return {};
  configuration->entrypoints["web"].name = "web";
  return std::move(*configuration);
}

Route routed(const Configuration& configuration) {
  RequestHead head;
  head.method = "GET";
  head.target = "/";
  head.headers = {{"Host", "a"}};
  return RoutingTable(configuration).find("web", head);
}

std::string verdict(const Configuration& configuration) {
  const Route route = routed(configuration);
  if (route.outcome == Route::Outcome::unknown) return "undecided";
  return route.router == "judged@file" ? "ok" : route.router == "next@file" ? "refused" : "none";
}

TEST(Refused, RoutersWithAMiddlewareThatTraefikRefuses) {
  for (const Case& each : cases_of(kMiddlewares)) {
    EXPECT_EQ(verdict(configuration_of(each.definition, kGoodService)), each.verdict) << each.definition;
  }
}

TEST(Refused, RoutersWithAServiceThatTraefikRefuses) {
  for (const Case& each : cases_of(kServices)) {
    EXPECT_EQ(verdict(configuration_of(kGoodMiddleware, each.definition)), each.verdict) << each.definition;
  }
}

TEST(Refused, SaysWhyAndWhere) {
  const auto problem = [](std::string_view middleware) {
    return to_string(RoutingTable(configuration_of(middleware, kGoodService)).problems().front());
  };
  EXPECT_EQ(
      problem("{basicAuth: {users: [secret]}}"),
      "file f:16: router judged@file: Traefik leaves it out: the middleware judged@file: a user is not name:hash");
  EXPECT_EQ(problem("{chain: {middlewares: [deep]}}"),
            "file f:16: router judged@file: Traefik leaves it out: the middleware bad@file: its prefix is empty");
}

TEST(Refused, AFileOfUsersThatIsBadNowIsNotCertainToHaveBeen) {
  const auto with_file = [](std::optional<std::string> text) {
    Configuration configuration = configuration_of("{basicAuth: {usersFile: /users}}", kGoodService);
    look_at_files(configuration, [&](const std::string& path) {
      EXPECT_EQ(path, "/users");
      return text;
    });
    return verdict(configuration);
  };
  EXPECT_EQ(with_file("# c:o:m\n\n a:b \nc:d"), "ok");
  EXPECT_EQ(with_file("a:b\nnonsense\n"), "undecided");
  EXPECT_EQ(with_file(std::nullopt), "undecided");
}

TEST(Refused, TheNameOfARouterMayHideItsProvider) {
  const auto configuration = parse_dynamic(
      "http: {routers: {at@x: {rule: Path(`/`), service: s}, at@file: {rule: Path(`/`), service: s}},"
      " services: {s: {loadBalancer: {servers: []}}}}",
      FileFormat::yaml, {});
  ASSERT_TRUE(configuration);
  EXPECT_EQ(configuration->routers.at("at@x@file").service, "s@x");
  EXPECT_EQ(configuration->routers.at("at@file@file").service, "s@file");
}

}  // namespace
}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
// What Traefik's own decoder (file.DecodeContent into dynamic.Configuration, 3.6.1) said to each line.
#include "traefik/dynamic_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mme::traefik {
namespace {

// A file each, and how the reason begins for which Traefik refuses it; nothing: it does not.
constexpr std::string_view kFiles = R"~(
http: {} | http has no keys below it
http: [1, 2] | http has no keys below it
http: hello | http has no keys below it
http: {routers: {}} | http.routers has no keys below it
http: {routers: [a, b]} | http.routers has no keys below it
http: {routers: {a: {}}} |
http: {routers: {a: 5}} |
http: {routers: [{rule: x}]} |
http: {routrs: {}} | http: routrs is no key
http: {services: {s: {loadBalancer: {servers: [{uri: x}]}}}} | http.services.s.loadBalancer.servers[0]: uri is no key
http: {services: {s: {loadBalancer: {servers: foo}}}} |
http: {services: {s: {loadBalancer: {servers: [foo]}}}} |
http: {services: {s: {loadBalancer: {servers: {url: x}}}}} |
http: {services: {s: {loadBalancer: {servers: [{url: x, fenced: maybe, scheme: a}]}}}} |
http: {services: {s: {loadBalancer: {server: {url: x}}}}} | http.services.s.loadBalancer: server is no key
http: {services: {s: {loadBalancer: {passHostHeader: maybe}}}} | http.services.s.loadBalancer.passHostHeader: "maybe" is not true or false
http: {services: {s: {loadBalancer: {passHostHeader: {a: b}}}}} | http.services.s.loadBalancer.passHostHeader has keys below it
http: {services: {s: {loadBalancer: {healthCheck: {interval: nonsense}}}}} | http.services.s.loadBalancer.healthCheck.interval: "nonsense" is not a duration
http: {services: {s: {loadBalancer: {healthCheck: {interval: 1m30.5s, timeout: -5}}}}} |
http: {services: {s: {weighted: {services: [{name: a, weight: x}]}}}} | http.services.s.weighted.services[0].weight: "x" is not a whole number
http: {services: {s: {weighted: {sticky: {cookie: {}}, healthCheck: {}, services: [{name: a}]}}}} |
http: {services: {s: {weighted: {sticky: {cookie: {httponly: true, path: /}}}}}} |
http: {serversTransports: {t: {forwardingTimeouts: {dialTimeout: 5}, certificates: [{certFile: a}]}}} |
http: {serversTransports: {t: {rootCA: [a]}}} | http.serversTransports.t: rootCA is no key
http: {routers: {a: {rule: [x]}}} |
http: {routers: {a: {rule: {a: b}}}} | http.routers.a.rule has keys below it
http: {routers: {a: {rule: {}, tls: {}}}} |
http: {routers: {a: {priority: []}}} | http.routers.a.priority: "a list" is not a whole number
http: {routers: {a: {priority: 1.5}}} | http.routers.a.priority: "1.5" is not a whole number
http: {routers: {a: {tls: 5, defaultRule: true}}} |
http: {routers: {a: {tls: {domains: [{main: a, sans: b}]}}}} |
http: {routers: {a: {tls: {domains: [{man: a}]}}}} | http.routers.a.tls.domains[0]: man is no key
http: {routers: {a: {observability: {metrics: yes}}}} | http.routers.a.observability.metrics: "yes" is not true or false
http: {routers: {a: {entryPoints: {a: b}}}} |
http: {routers: {a: {rule: ~, x: ~}}} |
http: {middlewares: {a: {}, b: []}} |
http: {middlewares: {a: {addPrefix: {}}}} | http.middlewares.a.addPrefix has no keys below it
http: {middlewares: {a: {addPrefix: true}}} | http.middlewares.a.addPrefix has no keys below it
http: {middlewares: {a: {compress: {}, contentType: true}}} |
http: {middlewares: {a: {addPrefx: {prefix: x}}}} | http.middlewares.a: addPrefx is no key
http: {middlewares: {a: {plugin: {x: 5, y: {z: [1]}}}}} |
http: {middlewares: {a: {headers: {customRequestHeaders: {A: {b: c}}}}}} |
http: {middlewares: {a: {headers: {customRequestHeaders: x}}}} | http.middlewares.a.headers.customRequestHeaders has no keys below it
http: {middlewares: {a: {errors: {statusRewrites: {"4": x}}}}} | http.middlewares.a.errors.statusRewrites.4: "x" is not a whole number
http: {middlewares: {a: {stripPrefix: {prefixes: [{a: b}]}}}} | http.middlewares.a.stripPrefix.prefixes[0]: a is no key
http: {middlewares: {a: {stripPrefix: {prefixes: [{}]}}}} |
http: {middlewares: {a: {requestHeaderModifier: {set: {a: b}}}}} |
http: {middlewares: {a: {ipAllowList: {ipStrategy: {depth: x}}}}} | http.middlewares.a.ipAllowList.ipStrategy.depth: "x" is not a whole number
HTTP: {Routers: {a: {RULE: x, EntryPoints: web}}} |
nope: 1 |
http: ~ |
tcp: {} | tcp has no keys below it
tcp: {routers: {a: {rule: x, prioritt: 4}}} | tcp.routers.a: prioritt is no key
tcp: {services: {a: {loadBalancer: {servers: [{address: x, tls: true}]}}}} |
udp: {services: {a: {loadBalancer: {servers: [{url: x}]}}}} | udp.services.a.loadBalancer.servers[0]: url is no key
tls: {certificates: [{certFile: a, keyFile: b, stores: [x]}], options: {default: {minVersion: x}}} |
tls: {certificates: [{certFil: a}]} | tls.certificates[0]: certFil is no key
tls: {stores: {default: {defaultCertificate: {certFile: x}}}} |
)~";

std::string refusal(std::string_view text) {
  const Source source{SourceKind::file, "f", 0};
  const auto tree = read_yaml(text, source);
  if (!tree) return "not read: " + to_string(tree.error());
  const auto refused = refused_field(*tree, Spelling::file, source);
  return refused ? refused->problem : "";
}

TEST(RefusedField, AsTraefiksDecoder) {
  std::string_view lines = kFiles.substr(1);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    const size_t bar = line.rfind(" |");
    const std::string_view due = line.substr(std::min(bar + 3, line.size()));
    const std::string said = refusal(line.substr(0, bar));
    EXPECT_TRUE(due.empty() ? said.empty() : said.starts_with(due)) << line << "\n  said: " << said;
  }
}

std::string label_refusal(const std::map<std::string, std::string>& labels) {
  const Source source{SourceKind::docker, "container c", 0};
  const auto tree = read_flat(labels, {}, source);
  const auto refused = tree ? refused_field(*tree, Spelling::labels, source) : std::nullopt;
  return refused ? to_string(*refused) : "";
}

TEST(RefusedField, LabelsHaveOneServer) {
  EXPECT_EQ(label_refusal({{"traefik.http.services.s.loadbalancer.server.port", "80"},
                           {"traefik.http.routers.r.tls", "true"},
                           {"traefik.http.middlewares.m.basicauth.users", "a:b"}}),
            "");
  EXPECT_EQ(label_refusal({{"traefik.http.services.s.loadbalancer.servers[0].url", "x"}}),
            "docker container c: traefik.http.services.s.loadbalancer: servers is no key that Traefik knows");
  EXPECT_EQ(label_refusal({{"traefik.http.services.s.loadbalancer.server", "x"}}),
            "docker container c: traefik.http.services.s.loadbalancer.server has no keys below it, where Traefik needs "
            "some");
  EXPECT_EQ(label_refusal({{"traefik.httpx.a", "x"}}),
            "docker container c: traefik: httpx is no key that Traefik knows");
  EXPECT_EQ(label_refusal({{"traefik.http.serversTransports.t", "x"}}), "");
}

}  // namespace
}  // namespace mme::traefik

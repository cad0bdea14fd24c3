// SPDX-License-Identifier: Apache-2.0
// Every key and everything that can be wrong with it; targets are in target_test.cpp.
#include "support.h"

namespace mme {
namespace {

TEST(ParseConfig, NothingIsTheDefault) {
  const Config config = config_of("");
  EXPECT_EQ(config, Config{});
  EXPECT_EQ(to_string(config.listen), "127.0.0.1:9477");
  ASSERT_EQ(config.targets.size(), 2u);
  EXPECT_EQ(config.targets[0].kind, TargetKind::traefik);
  EXPECT_EQ(config.targets[0].selector, TargetSelector(ByProcess{"traefik"}));
  EXPECT_EQ(config.targets[1].kind, TargetKind::mongod);
  EXPECT_EQ(config.targets[1].selector, TargetSelector(ByProcess{"mongod"}));
  EXPECT_EQ(config.series_per_family, 2000u);
  EXPECT_EQ(config.connections, 50000u);
}

TEST(ParseConfig, TheDefaultFileIsTheDefault) {
  auto config = load_config(MME_DEFAULT_CONFIG);
  ASSERT_TRUE(config.has_value()) << to_string(config.error());
  EXPECT_EQ(config->slow.file, "/var/lib/mme-agent/slow.jsonl");  // a directory that the package makes
  config->slow.file.clear();
  EXPECT_EQ(*config, Config{});
}

TEST(ParseConfig, EmptySectionsAreFine) {
  EXPECT_EQ(config_of("web:\ntargets:\ncompat:\nhistogram: {}\nlimits: ~\nslow:\nlog: null\n"), Config{});
}

TEST(ParseConfig, EveryKey) {
  const Config config = config_of(R"(
web: {listen: "[::]:9999"}
targets:
  traefik:
    - cgroup: /system.slice/traefik.service/
      name: front
      ports: [8443, 8080]
      entrypoints: {web: 8080, "web secure": 8443}
  mongod:
    - pid: 123
      ports:
        - 27017
histogram: {bounds: [0.01, 0.1, 2, 1e1]}
limits: {series_per_family: 10, connections: 1000000}
log: {level: error, format: json}
)");
  EXPECT_EQ(config.listen, (ListenAddress{"::", 9999}));
  ASSERT_EQ(config.targets.size(), 2u);
  EXPECT_EQ(config.targets[0], (TargetConfig{.kind = TargetKind::traefik,
                                             .name = "front",
                                             .selector = ByCgroup{"/system.slice/traefik.service"},
                                             .ports = {8080, 8443},
                                             .entrypoints = {{"web", 8080}, {"web secure", 8443}}}));
  EXPECT_EQ(config.targets[1],
            (TargetConfig{
                .kind = TargetKind::mongod, .name = {}, .selector = ByPid{123}, .ports = {27017}, .entrypoints = {}}));
  EXPECT_EQ(config.histogram_bounds_s, (std::vector<double>{0.01, 0.1, 0.3, 1.2, 2, 5.0, 10}));
  EXPECT_EQ(config.series_per_family, 10u);
  EXPECT_EQ(config.connections, 1000000u);
  EXPECT_EQ(config.log_level, LogLevel::error);
  EXPECT_EQ(config.log_format, LogFormat::json);
}

TEST(ParseConfig, WindowsLineEnds) {
  EXPECT_EQ(config_of("log:\r\n  level: warn\r\n").log_level, LogLevel::warn);
  EXPECT_EQ(errors_of("log:\r\n  lvl: warn\r\n"), "a.yaml:2:3: log.lvl: unknown key; known here: level, format");
}

TEST(ParseConfig, NotAMap) {
  EXPECT_EQ(errors_of("- web\n"), "a.yaml:1:1: is a list; expected a map (key: value)");
  EXPECT_EQ(errors_of("web\n"), "a.yaml:1:1: \"web\" is text; expected a map (key: value)");
  EXPECT_EQ(errors_of("42\n"), "a.yaml:1:1: 42 is a number; expected a map (key: value)");
  EXPECT_EQ(errors_of("log: info\n"), "a.yaml:1:6: log: \"info\" is text; expected a map (key: value)");
}

TEST(ParseConfig, UnknownKeys) {
  EXPECT_EQ(errors_of("metrics: {}\n"),
            "a.yaml:1:1: metrics: unknown key; known here: web, targets, routes, compat, histogram, limits, slow, log");
  EXPECT_EQ(errors_of("target: {}\n"), "a.yaml:1:1: target: unknown key; did you mean targets?");
  EXPECT_EQ(errors_of("web: {liste: a}\n"), "a.yaml:1:7: web.liste: unknown key; did you mean listen?");
  EXPECT_EQ(errors_of("web:\n  \"li\\nsten\": a\n"),
            "a.yaml:2:3: web.\"li\\u000asten\": unknown key; did you mean listen?");
  EXPECT_EQ(errors_of(R"("": 1)"),
            "a.yaml:1:1: \"\": unknown key; known here: web, targets, routes, compat, histogram, limits, slow, log");
  EXPECT_EQ(errors_of("log: &l {level: info}\nlimits: {<<: *l}\n"),
            "a.yaml:2:10: limits.\"<<\": unknown key; known here: series_per_family, connections");
}

TEST(ParseConfig, KeysOfLaterVersions) {
  EXPECT_EQ(errors_of(R"(web:
  listeners: [{address: 0.0.0.0:8082, families: traefik}]
  config_file: /etc/mme-agent/web.yaml
targets:
  traefik:
    - process: traefik
  mongod:
    - process: mongod
isolation: {interval: 5m}
spikes: {threshold: 100ms}
)"),
            R"(a.yaml:2:3: web.listeners: known, but not available in this version; remove it
a.yaml:3:3: web.config_file: known, but not available in this version; remove it
a.yaml:9:1: isolation: known, but not available in this version; remove it
a.yaml:10:1: spikes: known, but not available in this version; remove it)");
}

TEST(ParseConfig, NamesOfServices) {
  const auto config = parse_config(R"(targets:
  traefik:
    - process: traefik
      services: {"mme-tagging@docker": ["10.0.0.5:8000", "http://mme:8000/base"], other: ["[::1]:80"]}
      api: http://127.0.0.1:9000
)",
                                   "a.yaml");
  ASSERT_TRUE(config) << to_string(config.error());
  const TargetConfig& target = config->targets.at(0);
  EXPECT_EQ(target.services,
            (std::map<std::string, std::vector<std::string>>{
                {"mme-tagging@docker", {"10.0.0.5:8000", "http://mme:8000/base"}}, {"other", {"[::1]:80"}}}));
  EXPECT_EQ(target.api, "http://127.0.0.1:9000");
}

TEST(ParseConfig, NamesOfServicesThatAreWrong) {
  EXPECT_EQ(
      errors_of(R"(targets:
  traefik:
    - process: traefik
      services: {a: [mme, "10.0.0.5", ":80", "ftp://mme:80"], b: [], "": ["10.0.0.5:80"], c: 1}
      api: 127.0.0.1:9000
)"),
      R"(a.yaml:4:22: targets.traefik[0].services.a[0]: "mme" is no server; expected IP:PORT or a URL such as http://10.0.0.5:8000
a.yaml:4:27: targets.traefik[0].services.a[1]: "10.0.0.5" is no server; expected IP:PORT or a URL such as http://10.0.0.5:8000
a.yaml:4:39: targets.traefik[0].services.a[2]: ":80" is no server; expected IP:PORT or a URL such as http://10.0.0.5:8000
a.yaml:4:46: targets.traefik[0].services.a[3]: "ftp://mme:80" is no server; expected IP:PORT or a URL such as http://10.0.0.5:8000
a.yaml:4:66: targets.traefik[0].services.b: is empty; name a server such as 10.0.0.5:8000
a.yaml:4:70: targets.traefik[0].services."": is no name for a service; expected text such as mme-tagging@docker
a.yaml:4:94: targets.traefik[0].services.c: 1 is a number; expected a list of servers
a.yaml:5:12: targets.traefik[0].api: "127.0.0.1:9000" is no such address; expected the address of Traefik's API such as http://127.0.0.1:9000)");
}

TEST(ParseConfig, DuplicateKeys) {
  EXPECT_EQ(errors_of("log: {}\nweb: {}\nlog: {level: debug}\n"),
            "a.yaml:3:1: log: given twice, first on line 1; remove one of them");
  EXPECT_EQ(errors_of("log:\n  level: info\n  level: info\n"),
            "a.yaml:3:3: log.level: given twice, first on line 2; remove one of them");
  // An empty key has no place of its own; what follows it has, the end of the file at most.
  EXPECT_EQ(errors_of("? ~\n? ~\n? "),
            "a.yaml:1:3: \"\": unknown key; known here: web, targets, routes, compat, histogram, limits, slow, log\n"
            "a.yaml:2:3: \"\": given twice, first on line 1; remove one of them\n"
            "a.yaml:3:3: \"\": given twice, first on line 1; remove one of them");
}

TEST(ParseConfig, Listen) {
  const std::string expected = "; expected ADDRESS:PORT such as 127.0.0.1:9477 or \"[::1]:9477\"";
  EXPECT_EQ(errors_of("web: {listen: 9477}\n"), "a.yaml:1:15: web.listen: 9477 is a number" + expected);
  EXPECT_EQ(errors_of("web: {listen: localhost}\n"), "a.yaml:1:15: web.listen: \"localhost\" has no port" + expected);
  EXPECT_EQ(errors_of("web: {listen: a.example:80}\n"),
            "a.yaml:1:15: web.listen: \"a.example\" is not an IP address" + expected);
  EXPECT_EQ(errors_of("web: {listen: 127.0.0.1:99999}\n"),
            "a.yaml:1:15: web.listen: \"99999\" is not a port" + expected);
  EXPECT_EQ(errors_of("web:\n  listen:\nlog: {}\n"), "a.yaml:2:3: web.listen: has no value" + expected);
  EXPECT_EQ(errors_of("web: {listen: \"\"}\n"), "a.yaml:1:15: web.listen: is empty" + expected);
  EXPECT_EQ(errors_of("web: {listen: [a]}\n"), "a.yaml:1:15: web.listen: is a list" + expected);
  EXPECT_EQ(errors_of("web: {listen: true}\n"), "a.yaml:1:15: web.listen: true is true or false" + expected);
  EXPECT_EQ(errors_of("web: {listen: \"a\\nb\"}\n"),
            "a.yaml:1:15: web.listen: \"a\\u000ab\" has control characters" + expected);
}

TEST(ParseConfig, HistogramBounds) {
  const std::string expected = "; expected seconds above 0, at most 3600";
  const std::string at = "a.yaml:1:22: histogram.bounds[0]: ";
  EXPECT_EQ(errors_of("histogram: {bounds: [0]}\n"), at + "0 is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [-1]}\n"), at + "-1 is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [1e-12]}\n"), at + "1e-12 is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [3600.1]}\n"), at + "3600.1 is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [1e999]}\n"), at + "1e999 is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [.inf]}\n"), at + ".inf is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [-.inf]}\n"), at + "-.inf is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [.nan]}\n"), at + ".nan is out of range" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [100ms]}\n"), at + "\"100ms\" is text" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [\"1\"]}\n"), at + "\"1\" is quoted, so it is text" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [0x1F]}\n"), at + "\"0x1F\" is text" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: [007]}\n"), at + "\"007\" is text" + expected);
  EXPECT_EQ(errors_of("histogram: {bounds: 0.1}\n"),
            "a.yaml:1:21: histogram.bounds: 0.1 is a number; expected a list of seconds");
  EXPECT_EQ(errors_of("histogram: {bounds: [{}]}\n"), at + "is a map" + expected);
}

TEST(ParseConfig, HistogramBoundsAscend) {
  EXPECT_EQ(errors_of("histogram:\n  bounds: [0.5, 0.25, 0.5, 0.75]\n"),
            "a.yaml:2:17: histogram.bounds[1]: 0.25 does not follow in ascending order; sort the bounds, each once\n"
            "a.yaml:2:23: histogram.bounds[2]: 0.5 does not follow in ascending order; sort the bounds, each once");
  // The kernel counts in nanoseconds: these two are one bound there.
  EXPECT_EQ(errors_of("histogram: {bounds: [1, 1.0000000001]}\n"),
            "a.yaml:1:25: histogram.bounds[1]: 1.0000000001 does not follow in ascending order; "
            "sort the bounds, each once");
}

TEST(ParseConfig, TheFourBoundsAreAlwaysThere) {
  const std::vector<double> four = {0.1, 0.3, 1.2, 5.0};
  EXPECT_EQ(config_of("histogram: {bounds: []}\n").histogram_bounds_s, four);
  EXPECT_EQ(config_of("histogram: {bounds: [.1, 1.2000000000001, 5]}\n").histogram_bounds_s, four);
}

TEST(ParseConfig, HistogramBoundsAreLimitedAfterTheMerge) {
  std::string bounds;
  for (int i = 10; i < 26; ++i) bounds += std::to_string(i) + ",";
  EXPECT_EQ(config_of("histogram: {bounds: [" + bounds + "]}\n").histogram_bounds_s.size(), 20u);
  EXPECT_EQ(errors_of("histogram: {bounds: [" + bounds + "26]}\n"),
            "a.yaml:1:21: histogram.bounds: 21 bounds, with the always present 0.1, 0.3, 1.2 and 5; "
            "expected at most 20");
}

TEST(ParseConfig, Limits) {
  EXPECT_EQ(errors_of("limits: {series_per_family: 9}\n"),
            "a.yaml:1:29: limits.series_per_family: 9 is out of range; expected a whole number from 10 to 50000");
  EXPECT_EQ(errors_of("limits: {series_per_family: 50001}\n"),
            "a.yaml:1:29: limits.series_per_family: 50001 is out of range; expected a whole number from 10 to 50000");
  EXPECT_EQ(errors_of("limits: {connections: 99}\n"),
            "a.yaml:1:23: limits.connections: 99 is out of range; expected a whole number from 100 to 1000000");
  EXPECT_EQ(errors_of("limits: {connections: 99999999999999999999}\n"),
            "a.yaml:1:23: limits.connections: 99999999999999999999 is out of range; "
            "expected a whole number from 100 to 1000000");
  EXPECT_EQ(errors_of("limits: {connections: -5}\n"),
            "a.yaml:1:23: limits.connections: -5 is out of range; expected a whole number from 100 to 1000000");
  EXPECT_EQ(errors_of("limits: {connections: 500.5}\n"),
            "a.yaml:1:23: limits.connections: 500.5 is not a whole number; "
            "expected a whole number from 100 to 1000000");
  EXPECT_EQ(errors_of("limits: {connections: many}\n"),
            "a.yaml:1:23: limits.connections: \"many\" is text; expected a whole number from 100 to 1000000");
}

TEST(ParseConfig, Compat) {
  EXPECT_EQ(config_of("").compat_traefik, CompatTraefik::automatic);
  EXPECT_EQ(config_of("compat: {traefik: auto}\n").compat_traefik, CompatTraefik::automatic);
  EXPECT_EQ(config_of("compat: {traefik: on}\n").compat_traefik, CompatTraefik::on);
  EXPECT_EQ(config_of("compat: {traefik: \"off\"}\n").compat_traefik, CompatTraefik::off);
  EXPECT_EQ(errors_of("compat: {traefik: true}\n"),
            "a.yaml:1:19: compat.traefik: true is true or false; expected one of auto, on, off");
  EXPECT_EQ(errors_of("compat: {traefik: automatic}\n"),
            "a.yaml:1:19: compat.traefik: \"automatic\" is unknown; expected one of auto, on, off; did you mean auto?");
  EXPECT_EQ(errors_of("compat: {mongod: on}\n"), "a.yaml:1:10: compat.mongod: unknown key; known here: traefik");
}

TEST(ParseConfig, Log) {
  EXPECT_EQ(errors_of("log: {level: warning, format: xml}\n"),
            "a.yaml:1:14: log.level: \"warning\" is unknown; expected one of debug, info, warn, error; "
            "did you mean warn?\n"
            "a.yaml:1:31: log.format: \"xml\" is unknown; expected one of logfmt, json");
  EXPECT_EQ(errors_of("log: {level: 3}\n"),
            "a.yaml:1:14: log.level: 3 is a number; expected one of debug, info, warn, error");
}

TEST(ParseConfig, EveryErrorAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(errors_of(R"(limits: {connections: 1}
web:
  listen: 80
log:
  level: loud
histogram:
  bounds: [2, 1]
wbe: {}
)"),
            R"(a.yaml:1:23: limits.connections: 1 is out of range; expected a whole number from 100 to 1000000
a.yaml:3:11: web.listen: 80 is a number; expected ADDRESS:PORT such as 127.0.0.1:9477 or "[::1]:9477"
a.yaml:5:10: log.level: "loud" is unknown; expected one of debug, info, warn, error
a.yaml:7:15: histogram.bounds[1]: 1 does not follow in ascending order; sort the bounds, each once
a.yaml:8:1: wbe: unknown key; did you mean web?)");
}

TEST(ParseConfig, ErrorsAreBounded) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  const auto config = parse_config(text, "a.yaml");
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 101u);
  EXPECT_EQ(to_string(config.error().back()), "a.yaml: 100 more errors; mend those above first");
}

}  // namespace
}  // namespace mme

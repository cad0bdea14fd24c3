// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace mme {
namespace {

using Routes = std::vector<RouteConfig>;

TEST(RouteConfigs, Default) {
  const Routes promote = {{.name = "promote", .method = "POST", .path = "/promote"}};
  EXPECT_EQ(config_of("").routes, promote);
  EXPECT_EQ(config_of("targets: {mongod: []}\n").routes, promote);
  EXPECT_TRUE(config_of("routes: []\n").routes.empty());
}

TEST(RouteConfigs, EveryKey) {
  EXPECT_EQ(config_of(R"(routes:
  - {name: one memory, method: GET, path: "/memories/{id}/versions/{n}"}
  - {name: any, path: /}
  - name: own method
    method: M-SEARCH
    path: /search/
  - {name: api, prefix: /api}
)")
                .routes,
            (Routes{{"one memory", "GET", "/memories/{id}/versions/{n}", false},
                    {"any", "", "/", false},
                    {"own method", "M-SEARCH", "/search/", false},
                    {"api", "", "/api", true}}));
}

TEST(RouteConfigs, EverythingThatIsWrongWithOne) {
  EXPECT_EQ(errors_of(R"(routes:
  - {name: a, path: /a, paths: /b}
  - {path: /a}
  - {name: b}
  - {name: c, path: /c, prefix: /c}
  - {name: a, path: /d}
  - {name: "", method: post, path: e}
  - {name: 5, method: 7, path: [/f]}
  - text
)"),
            R"(a.yaml:2:25: routes[0].paths: unknown key; did you mean path?
a.yaml:3:5: routes[1]: has no name; expected name, the label route
a.yaml:4:5: routes[2]: does not say which path; expected exactly one of path, prefix
a.yaml:5:5: routes[3]: says more than once which path: path, prefix; expected exactly one of path, prefix
a.yaml:6:12: routes[4].name: "a" is the name of a route on line 2 already; give each its own
a.yaml:7:12: routes[5].name: is empty; expected a name for the label route
a.yaml:7:24: routes[5].method: "post" is no method; expected a method in capitals such as POST
a.yaml:7:36: routes[5].path: "e" does not begin with /; expected a path such as /items/{id}
a.yaml:8:12: routes[6].name: 5 is a number; expected a name for the label route
a.yaml:8:23: routes[6].method: 7 is a number; expected a method in capitals such as POST
a.yaml:8:32: routes[6].path: is a list; expected a path such as /items/{id}
a.yaml:9:5: routes[7]: "text" is text; expected a map (key: value))");
}

TEST(RouteConfigs, NotAList) {
  EXPECT_EQ(errors_of("routes: {name: a, path: /a}\n"), "a.yaml:1:9: routes: is a map; expected a list of routes");
  EXPECT_EQ(errors_of("routes:\nlog: {}\n"), "a.yaml:1:1: routes: has no value; expected a list of routes");
}

TEST(RouteConfigs, NamesAreLabels) {
  const std::string longest(128, 'n');
  EXPECT_EQ(config_of("routes: [{name: " + longest + ", path: /}]").routes.at(0).name, longest);
  EXPECT_EQ(errors_of("routes: [{name: " + longest + "n, path: /}]"),
            "a.yaml:1:17: routes[0].name: has 129 bytes; expected at most 128");
  EXPECT_EQ(errors_of("routes: [{name: \"a\\nb\", path: /}]"),
            "a.yaml:1:17: routes[0].name: \"a\\u000ab\" has control characters; expected a name for the label route");
}

TEST(RouteConfigs, PathsThatNoRequestHas) {
  const auto errors = [](const std::string& path) { return errors_of("routes: [{name: a, path: \"" + path + "\"}]"); };
  const std::string at = "a.yaml:1:26: routes[0].path: ";
  for (const std::string path : {"/a?b=c", "/a b", "/a#b"}) {
    EXPECT_EQ(errors(path), at + '"' + path + "\" has a blank, ? or #; requests are told apart by their path alone");
  }
  for (const std::string path : {"/{", "/{id", "/id}", "/{}", "/a{id}", "/{id}a", "/{a}{b}", "/{{a}}", "/x/{a/b}/y"}) {
    EXPECT_EQ(errors(path),
              at + '"' + path + "\" has { or } beside whole segments; expected a path such as /items/{id}");
  }
}

TEST(RouteConfigs, Prefixes) {
  const std::string at = "a.yaml:1:28: routes[0].prefix: ";
  const std::string expected = "; expected the first part of a path such as /api/";
  EXPECT_EQ(errors_of("routes: [{name: a, prefix: \"api\"}]"), at + "\"api\" does not begin with /" + expected);
  EXPECT_EQ(errors_of("routes: [{name: a, prefix: \"/{id}\"}]"), at + "\"/{id}\" has { or }" + expected);
  EXPECT_EQ(errors_of("routes: [{name: a, prefix: \"/a?\"}]"),
            at + "\"/a?\" has a blank, ? or #; requests are told apart by their path alone");
}

TEST(RouteConfigs, AtMostAHundred) {
  std::string routes;
  for (int i = 0; i < 100; ++i) routes += "{name: r" + std::to_string(i) + ", path: /},";
  EXPECT_EQ(config_of("routes: [" + routes + "]").routes.size(), 100u);
  EXPECT_EQ(errors_of("routes: [" + routes + "{name: more, path: /}]"),
            "a.yaml:1:9: routes: 101 routes; expected at most 100");
}

}  // namespace
}  // namespace mme

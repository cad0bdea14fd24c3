// SPDX-License-Identifier: Apache-2.0
#include "traefik/tree.h"

#include <gtest/gtest.h>

namespace mme::traefik {
namespace {

const Source kFile{SourceKind::file, "f", 0};

std::string yaml_error(std::string_view text) {
  const auto tree = read_yaml(text, kFile);
  return tree ? "" : to_string(tree.error());
}

TEST(ReadYaml, RefusesCharactersThatTraefikRefuses) {
  EXPECT_EQ(yaml_error("a: 1\nb\xe9: 2\n"), "file f:2: a byte is not UTF-8");
  EXPECT_EQ(yaml_error(std::string("a\0b: 1\n", 7)), "file f:1: control characters are not allowed");
  EXPECT_EQ(yaml_error("a: \x7f\n"), "file f:1: control characters are not allowed");
  EXPECT_EQ(yaml_error("\xef\xbb\xbf\tä: \"\\x01\"\n").substr(0, 4), "file");  // a tab, not the byte order mark
  EXPECT_EQ(yaml_error("\xef\xbb\xbfä: \"\\x01\"\n"), "");
}

TEST(ParseDuration, AsTraefik) {
  EXPECT_EQ(parse_duration("5"), 5'000'000'000);
  EXPECT_EQ(parse_duration("-1s"), -1'000'000'000);
  EXPECT_EQ(parse_duration("1m30.5s"), 90'500'000'000);
  EXPECT_EQ(parse_duration("1h2ms3us4ns"), 3'600'002'003'004);
  for (const auto* none : {"", "s", "1.5", "1x", "1s 2s", "--1s", ".", "1e3s"})
    EXPECT_FALSE(parse_duration(none)) << none;
}

TEST(ReadYaml, KeepsLinesAndLeavesOutNulls) {
  const auto tree = read_yaml("a:\n  B: 1\n  list: [x, 'y', true, 2]\n  none:\n  maps:\n    - url: u\n", kFile);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find_path("A.b")->value, "1");
  EXPECT_EQ(tree->find_path("a.b")->line, 2);
  EXPECT_EQ(tree->find_path("a.list")->texts(), (std::vector<std::string>{"x", "y", "true", "2"}));
  EXPECT_EQ(tree->find_path("a.none"), nullptr);
  EXPECT_EQ(tree->find_path("a.maps")->children[0].text("url"), "u");
}

TEST(ReadYaml, MergesAndSharesAnchors) {
  const auto tree = read_yaml("base: &b {x: 1, y: 2}\na: {<<: *b, y: 3}\nc: *b\n", kFile);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("a")->text("x"), "1");
  EXPECT_EQ(tree->find("a")->text("y"), "3");
  EXPECT_EQ(tree->find("c")->text("y"), "2");
}

TEST(ReadYaml, NamesTheLineOfAnError) {
  EXPECT_EQ(yaml_error("a: 1\nb: [1\n").substr(0, 9), "file f:3:");
  EXPECT_EQ(yaml_error("a: 1\na: 2\n"), "file f:2: the key a is there twice");
  EXPECT_EQ(yaml_error("- a\n"), "file f:1: the file is no map");
  EXPECT_EQ(yaml_error(""), "");
}

TEST(ReadYaml, IsBounded) {
  std::string bomb = "a0: &a0 {x: 1, y: 2, z: 3, u: 4, v: 5, w: 6, r: 7, s: 8}\n";
  for (int i = 1; i < 12; i++) {
    const std::string now = "a" + std::to_string(i);
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += now + ": &" + now + " {";
    for (const char c : std::string("bcdefghi")) bomb += std::string(1, c) + ": " + last + ", ";
    bomb += "}\n";
  }
  EXPECT_NE(yaml_error(bomb).find("aliases written out"), std::string::npos);
  EXPECT_NE(yaml_error("a: " + std::string(100, '[') + std::string(100, ']')), "");
  EXPECT_NE(yaml_error(std::string(100000, '{')), "");
  EXPECT_NE(yaml_error("a: &a {b: *a}\n"), "");
}

TEST(ReadToml, ReadsTablesAndArrays) {
  const auto tree = read_toml(
      "[http.routers.a]\nrule = \"Host(`a`)\"\npriority = 7\nentryPoints = [\"web\"]\n"
      "[[http.services.s.loadBalancer.servers]]\nurl = \"http://u\"\n",
      kFile);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find_path("http.routers.a")->text("rule"), "Host(`a`)");
  EXPECT_EQ(tree->find_path("http.routers.a.priority")->value, "7");
  EXPECT_EQ(tree->find_path("http.routers.a.priority")->line, 3);
  EXPECT_EQ(tree->find_path("http.services.s.loadBalancer.servers")->children[0].text("url"), "http://u");
  const auto broken = read_toml("a = 1\nb = \n", kFile);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().source.line, 2);
}

TEST(ReadFlat, MakesTheTreeOfLabels) {
  const auto tree = read_flat({{"traefik.http.routers.A.rule", "r"},
                               {"traefik.http.routers.a.priority", "1"},
                               {"traefik.list[0].name", "n"},
                               {"other", "x"}},
                              {"traefik."}, kFile);
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->find_path("http.routers")->children.size(), 1U);
  EXPECT_EQ(tree->find_path("http.routers.a")->text("rule"), "r");
  EXPECT_EQ(tree->find_path("list.[0].name")->value, "n");
  EXPECT_FALSE(read_flat({{"traefik..x", ""}}, {}, kFile));
  EXPECT_FALSE(read_flat({{"Traefik.x", ""}}, {}, kFile));
}

TEST(ReadJson, TakesNumbersAsTheyAre) {
  const auto tree = read_json(R"({"a": {"priority": 9223372036854775806, "none": null, "on": true}})", kFile);
  ASSERT_TRUE(tree);
  EXPECT_EQ(parse_integer(tree->find("a")->text("priority")), 9223372036854775806);
  EXPECT_EQ(tree->find("a")->text("on"), "true");
  EXPECT_FALSE(read_json("{", kFile));
}

}  // namespace
}  // namespace mme::traefik

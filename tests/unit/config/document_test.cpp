// SPDX-License-Identifier: Apache-2.0
// What is wrong with the YAML itself, whatever it would mean.
#include "config/document.h"

#include "support.h"

namespace mme {
namespace {

using namespace std::string_literals;

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Document, NothingIsFine) {
  for (const char* text :
       {"", "\n", "# a comment\n", "---\n", "--- # a comment\n...\n", "\xEF\xBB\xBF# after a BOM\n", "~\n", "{}\n"}) {
    EXPECT_EQ(errors_of(text), "") << text;
  }
}

TEST(Document, SyntaxErrorHasItsLine) {
  EXPECT_EQ(errors_of("web:\n  listen: [1\nlog: {}\n"),
            "a.yaml:3:4: YAML syntax: end of sequence flow not found; is a [ before this not closed?");
  EXPECT_EQ(errors_of("log:\n  level: [1\n"),
            "a.yaml:3:1: YAML syntax: end of sequence flow not found; is a [ before this not closed?");
  EXPECT_EQ(errors_of("web: {listen: [::1]:9477}\n"),
            "a.yaml:1:20: YAML syntax: end of map flow not found; "
            "is a { before this not closed, or a value with [ or { not quoted?");
  EXPECT_EQ(errors_of("log:\n  level: info\n web: {}\n"),
            "a.yaml:3:2: YAML syntax: end of map not found; "
            "is this line indented like its neighbours, and a value with [ or { quoted?");
  EXPECT_EQ(errors_of("log:\n\tlevel: info\n"),
            "a.yaml:2:7: YAML syntax: illegal map value; indent with spaces, not tabs");
  EXPECT_EQ(errors_of("a: b: c\n"),
            "a.yaml:1:5: YAML syntax: illegal map value; "
            "is a value with a colon not quoted, or this line not indented right?");
  EXPECT_EQ(errors_of("log: @x\n"),
            "a.yaml:1:6: YAML syntax: unknown token; quote text that begins with a special character");
  EXPECT_EQ(errors_of("log: *x\n"), "a.yaml:1:6: YAML syntax: the referenced anchor is not defined");
}

TEST(Document, SyntaxErrorsQuoteTheFileEscaped) {
  EXPECT_EQ(errors_of("%YAML 11o\r.:\n"), "a.yaml:1:1: YAML syntax: bad YAML version: 11o\\u000d.:");
}

TEST(Document, QuotesAreClosed) {
  const std::string open_quote = "YAML syntax: illegal EOF in scalar; is a quote before this not closed?";
  EXPECT_EQ(errors_of("log:\n  level: \"info"), "a.yaml:2:15: " + open_quote);
  // yaml-cpp itself would take these for "info ".
  EXPECT_EQ(errors_of("log:\n  level: \"info\n"), "a.yaml:3:1: " + open_quote);
  EXPECT_EQ(errors_of("log:\n  level: 'info\n\n  \n"), "a.yaml:5:1: " + open_quote);
  EXPECT_EQ(errors_of("log: {level: \"info}\n"), "a.yaml:2:1: " + open_quote);
  EXPECT_EQ(errors_of("\""), "a.yaml:1:2: " + open_quote);
  EXPECT_EQ(errors_of("log: {level: \"info\"} # it's \"fine"), "");
}

TEST(Document, OnlyOne) {
  EXPECT_EQ(errors_of("log: {}\n---\nlog: {}\n"),
            "a.yaml:2:1: a second document begins here; a configuration is one document");
}

TEST(Document, CharactersThatAreNone) {
  EXPECT_EQ(errors_of("log:\n  level: \x01"), "a.yaml:2:10: control character U+0001; remove it");
  // yaml-cpp itself would end the file here and accept it.
  EXPECT_EQ(errors_of("log: {}\n\x04garbage"), "a.yaml:2:1: control character U+0004; remove it");
  EXPECT_EQ(errors_of("\0\0"s), "a.yaml:1:1: control character U+0000; remove it");
  EXPECT_EQ(errors_of("# caf\xe9\n"), "a.yaml:1:6: byte 0xe9 is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(errors_of("# caf\xc3\xa9\n"), "");
}

TEST(Document, Tags) {
  EXPECT_EQ(errors_of("log: !!map {}\n"), "a.yaml:1:6: tags are not supported; remove the tag");
  EXPECT_EQ(errors_of("log: {level: !!str info}\n"), "a.yaml:1:14: tags are not supported; remove the tag");
}

TEST(Document, KeysAreText) {
  EXPECT_EQ(errors_of("[a]: 1\n"), "a.yaml:1:1: a key cannot be a list or a map; expected text as the key");
  EXPECT_EQ(errors_of("a: &x log\n*x : 1\n"), "a.yaml:2:1: an alias cannot be a key; write the key out");
}

TEST(Document, DepthIsBounded) {
  EXPECT_EQ(errors_of(repeated("[", 17) + repeated("]", 17)), "a.yaml:1:17: nested more than 16 levels deep");
  // yaml-cpp takes what never ends for the start of a key.
  const std::string endless = "a.yaml:1:1: a key cannot be a list or a map; expected text as the key";
  EXPECT_EQ(errors_of(repeated("[", 100000)), endless);
  EXPECT_EQ(errors_of(repeated("{", 100000)), endless);
  EXPECT_EQ(errors_of(repeated("- ", 100000)), "a.yaml:1:33: nested more than 16 levels deep");
  EXPECT_EQ(errors_of(repeated("? ", 100000)), "a.yaml:1:3: a key cannot be a list or a map; expected text as the key");
}

TEST(Document, SizeIsBounded) {
  EXPECT_EQ(errors_of("log: [" + repeated("1,", 20000) + "1]\n"),
            "a.yaml:1:20001: more than 10000 values, aliases written out");
}

TEST(Document, AliasesCountAsWhatTheyStandFor) {
  std::string bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
  for (char c = 'b'; c < 'i'; ++c) {
    bomb += c + ": &"s + c + " [" + repeated("*"s + static_cast<char>(c - 1) + " ,", 9) + "1]\n";
  }
  EXPECT_EQ(errors_of(bomb), "a.yaml:5:8: more than 10000 values, aliases written out");
}

TEST(Document, AliasesWork) {
  const Config config = config_of("targets:\n  traefik: [{process: a, ports: &p [80, 81]}, {process: b, ports: *p}]\n");
  EXPECT_EQ(config.targets[1].ports, (std::vector<uint16_t>{80, 81}));
}

TEST(Document, NoAliasInItsOwnAnchor) {
  EXPECT_EQ(errors_of("log: &a [*a]\n"), "a.yaml:1:10: an alias cannot be inside its own anchor");
}

}  // namespace
}  // namespace mme

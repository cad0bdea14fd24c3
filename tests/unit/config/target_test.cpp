// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace mme {
namespace {

// `lines` are the entries of targets.traefik, from line 3 on; mongod is switched off.
std::string traefik_errors(std::string_view lines) {
  return errors_of("targets:\n  traefik:\n" + std::string(lines) + "  mongod: []\n");
}

TEST(Targets, AKindThatIsNotMentionedKeepsItsDefault) {
  const Config config = config_of("targets: {mongod: [{pid: 5}]}\n");
  ASSERT_EQ(config.targets.size(), 2u);
  EXPECT_EQ(config.targets[0], Config{}.targets[0]);
  EXPECT_EQ(config.targets[1].selector, TargetSelector(ByPid{5}));
}

TEST(Targets, AnEmptyListSwitchesOff) {
  EXPECT_EQ(config_of("targets: {traefik: []}\n").targets.size(), 1u);
  EXPECT_TRUE(config_of("targets: {traefik: [], mongod: []}\n").targets.empty());
}

TEST(Targets, WrongTypes) {
  EXPECT_EQ(errors_of("targets: []\n"), "a.yaml:1:10: targets: is a list; expected a map (key: value)");
  EXPECT_EQ(errors_of("targets:\n  traefik:\n"),
            "a.yaml:2:3: targets.traefik: has no value; expected a list of targets");
  EXPECT_EQ(errors_of("targets: {traefik: {pid: 5}}\n"),
            "a.yaml:1:20: targets.traefik: is a map; expected a list of targets");
  EXPECT_EQ(errors_of("targets: {traefik: [traefik]}\n"),
            "a.yaml:1:21: targets.traefik[0]: \"traefik\" is text; expected a map (key: value)");
  EXPECT_EQ(errors_of("targets: {nginx: []}\n"),
            "a.yaml:1:11: targets.nginx: unknown key; known here: traefik, mongod");
  EXPECT_EQ(errors_of("targets: {mongo: []}\n"), "a.yaml:1:11: targets.mongo: unknown key; did you mean mongod?");
}

TEST(Targets, ExactlyOneSelector) {
  EXPECT_EQ(traefik_errors("    - name: a\n"),
            "a.yaml:3:7: targets.traefik[0]: does not say which process; expected exactly one of process, pid, cgroup");
  EXPECT_EQ(traefik_errors("    - process: a\n      cgroup: /b\n"),
            "a.yaml:3:7: targets.traefik[0]: says more than once which process: process, cgroup; "
            "expected exactly one of process, pid, cgroup");
  EXPECT_EQ(traefik_errors("    -\n"),
            "a.yaml:3:5: targets.traefik[0]: does not say which process; expected exactly one of process, pid, cgroup");
}

TEST(Targets, Process) {
  const std::string expected = "; expected the name of an executable such as traefik, without its path";
  EXPECT_EQ(traefik_errors("    - process: /usr/bin/traefik\n"),
            "a.yaml:3:16: targets.traefik[0].process: \"/usr/bin/traefik\" is a path" + expected);
  EXPECT_EQ(traefik_errors("    - process: 12\n"),
            "a.yaml:3:16: targets.traefik[0].process: 12 is a number" + expected);
  EXPECT_EQ(traefik_errors("    - process: \"12\"\n"), "");
}

TEST(Targets, Pid) {
  const std::string expected = "; expected a whole number from 1 to 4194304";
  EXPECT_EQ(traefik_errors("    - pid: 0\n"), "a.yaml:3:12: targets.traefik[0].pid: 0 is out of range" + expected);
  EXPECT_EQ(traefik_errors("    - pid: 4194305\n"),
            "a.yaml:3:12: targets.traefik[0].pid: 4194305 is out of range" + expected);
  EXPECT_EQ(traefik_errors("    - pid: traefik\n"),
            "a.yaml:3:12: targets.traefik[0].pid: \"traefik\" is text" + expected);
}

TEST(Targets, Cgroup) {
  for (const char* path : {"system.slice", "/a//b", "/a/../b", "/./a", "/sys/fs/cgroup", "/sys/fs/cgroup/a", "//"}) {
    EXPECT_EQ(traefik_errors("    - cgroup: " + std::string(path) + "\n"),
              "a.yaml:3:15: targets.traefik[0].cgroup: \"" + std::string(path) +
                  "\" is no such path; expected a path below the cgroup v2 mount such as "
                  "/system.slice/traefik.service");
  }
  for (const char* path : {"/", "/a", "/a/b.c/", "/sys/fs/cgroups"}) {
    EXPECT_EQ(traefik_errors("    - cgroup: " + std::string(path) + "\n"), "") << path;
  }
}

TEST(Targets, Ports) {
  const std::string expected = "; expected a whole number from 1 to 65535";
  EXPECT_EQ(traefik_errors("    - pid: 5\n      ports: [0, 65536, \"80\", 80, 80]\n"),
            "a.yaml:4:15: targets.traefik[0].ports[0]: 0 is out of range" + expected +
                "\na.yaml:4:18: targets.traefik[0].ports[1]: 65536 is out of range" + expected +
                "\na.yaml:4:25: targets.traefik[0].ports[2]: \"80\" is quoted, so it is text" + expected +
                "\na.yaml:4:35: targets.traefik[0].ports[4]: 80 is listed twice, first on line 4; remove one of them");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      ports: []\n"),
            "a.yaml:4:14: targets.traefik[0].ports: is empty; "
            "name a port, or leave the key out to observe them all");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      ports: 80\n"),
            "a.yaml:4:14: targets.traefik[0].ports: 80 is a number; expected a list of ports");
}

TEST(Targets, Entrypoints) {
  const std::string at = "a.yaml:4:26: targets.traefik[0].entrypoints.web: ";
  EXPECT_EQ(traefik_errors("    - pid: 5\n      entrypoints: {web: \":80\"}\n"),
            at + "\":80\" is quoted, so it is text; expected a whole number from 1 to 65535");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      entrypoints: {web: 80}\n      ports: [81]\n"),
            at + "80 is not among the ports of this target; add it to ports");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      entrypoints: {web: 80, alt: 80}\n"),
            at + "80 has two names, \"alt\" and \"web\"; a port is one entrypoint");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      entrypoints: {\"a\\nb\": 80}\n"),
            "a.yaml:4:21: targets.traefik[0].entrypoints.\"a\\u000ab\": is no name for an entrypoint; "
            "expected text such as websecure");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      entrypoints: [80]\n"),
            "a.yaml:4:20: targets.traefik[0].entrypoints: is a list; expected a map (key: value)");
  EXPECT_EQ(errors_of("targets: {mongod: [{pid: 5, entrypoints: {web: 80}}]}\n"),
            "a.yaml:1:29: targets.mongod[0].entrypoints: unknown key; known here: process, pid, cgroup, name, ports, "
            "uri_file, uri_env");
}

TEST(Targets, Name) {
  EXPECT_EQ(traefik_errors("    - pid: 5\n      name: " + std::string(129, 'n') + "\n"),
            "a.yaml:4:13: targets.traefik[0].name: has 129 bytes; expected at most 128");
  EXPECT_EQ(traefik_errors("    - pid: 5\n      name: \"a\\tb\"\n"),
            "a.yaml:4:13: targets.traefik[0].name: \"a\\u0009b\" has control characters; "
            "expected a name for the label target");
  EXPECT_EQ(traefik_errors("    - {pid: 5, name: a}\n    - {pid: 6, name: a}\n"),
            "a.yaml:4:22: targets.traefik[1].name: \"a\" is the name of a target on line 3 already; give each its own");
}

TEST(Targets, WhereTheUriIs) {
  const Config config = config_of(
      "targets:\n  mongod:\n    - {pid: 5, uri_file: /etc/a.uri}\n    - {pid: 6, uri_env: MONGODB_URI}\n    - pid: "
      "7\n");
  ASSERT_EQ(config.targets.size(), 4u);
  ASSERT_TRUE(config.targets[1].uri.has_value());
  EXPECT_EQ(config.targets[1].uri->file, "/etc/a.uri");
  EXPECT_EQ(config.targets[1].uri->line, 3);
  EXPECT_EQ(config.targets[1].uri->key, "targets.mongod[0].uri_file");
  ASSERT_TRUE(config.targets[2].uri.has_value());
  EXPECT_EQ(config.targets[2].uri->env, "MONGODB_URI");
  EXPECT_FALSE(config.targets[3].uri.has_value());
}

TEST(Targets, UriErrorsDoNotQuoteIt) {
  const auto mongod_errors = [](const std::string& keys) {
    return errors_of("targets: {mongod: [{pid: 5, " + keys + "}]}\n");
  };
  EXPECT_EQ(mongod_errors("uri_file: \"mongodb://a:secret@b\""),
            "a.yaml:1:39: targets.mongod[0].uri_file: is no absolute path; "
            "expected the absolute path of a file that has the URI");
  EXPECT_EQ(mongod_errors("uri_env: \"mongodb://a:secret@b\""),
            "a.yaml:1:38: targets.mongod[0].uri_env: is no name of a variable; "
            "expected the name of a variable of the agent's environment that has the URI");
  EXPECT_EQ(mongod_errors("uri_file: /a, uri_env: A"),
            "a.yaml:1:20: targets.mongod[0]: says twice where its URI is: uri_file, uri_env; expected one of them");
  EXPECT_EQ(mongod_errors("uri_file: 5"),
            "a.yaml:1:39: targets.mongod[0].uri_file: 5 is a number; "
            "expected the absolute path of a file that has the URI");
  EXPECT_EQ(mongod_errors("uri: \"mongodb://a:secret@b\"").find("secret"), std::string::npos);
  EXPECT_EQ(traefik_errors("    - {pid: 5, uri_file: /a}\n"),
            "a.yaml:3:16: targets.traefik[0].uri_file: unknown key; known here: process, pid, cgroup, name, ports, "
            "entrypoints, services, api");
}

TEST(Targets, TwoCannotBeOneProcess) {
  EXPECT_EQ(traefik_errors("    - pid: 5\n    - pid: 5\n"),
            "a.yaml:4:12: targets.traefik[1].pid: is the same as on line 3; two targets cannot be one process");
  EXPECT_EQ(traefik_errors("    - cgroup: /a\n    - cgroup: /a/\n"),
            "a.yaml:4:15: targets.traefik[1].cgroup: is the same as on line 3; two targets cannot be one process");
  EXPECT_EQ(errors_of("targets:\n  traefik: [{process: x}]\n  mongod: [{process: x}]\n"),
            "a.yaml:3:22: targets.mongod[0].process: is the same as on line 2; two targets cannot be one process");
  EXPECT_EQ(errors_of("targets:\n  traefik: [{process: mongod}]\n"),
            "a.yaml:2:23: targets.traefik[0].process: \"mongod\" is observed as the other kind by default; "
            "give both targets.traefik and targets.mongod");
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/uris.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace mme {
namespace {

class Uris : public testing::Test {
 protected:
  Uris() : directory_(testing::TempDir() + "uris." + std::to_string(::getpid())) {
    std::filesystem::create_directory(directory_);
  }
  ~Uris() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  static TargetConfig target(const UriSource& source, const std::string& name = {}) {
    TargetConfig result{.kind = TargetKind::mongod, .name = name, .selector = ByPid{5}, .ports = {}};
    result.uri = source;
    return result;
  }
  static UriSource from_file(const std::string& path, int line = 3) {
    return {.file = path, .env = {}, .text = {}, .line = line, .column = 7, .key = "targets.mongod[0].uri_file"};
  }
  static UriSource from_env(const std::string& name) {
    return {.file = {}, .env = name, .text = {}, .line = 4, .column = 7, .key = "targets.mongod[1].uri_env"};
  }

  static std::string errors_of(const std::vector<TargetConfig>& targets) {
    Config config;
    config.targets = targets;
    return to_string(read_uris(config, "a.yaml"));
  }

  std::string directory_;
};

TEST_F(Uris, OfAFileAndOfTheEnvironment) {
  ::setenv("MME_TEST_URI", "mongodb://user:secret@127.0.0.1:2/", 1);
  Config config;
  config.targets = {target(from_file(file("a", "\n mongodb://127.0.0.1:1/ \r\n"))),
                    target(from_env("MME_TEST_URI"), "b"),
                    {.kind = TargetKind::mongod, .name = {}, .selector = ByPid{7}, .ports = {}}};
  EXPECT_EQ(to_string(read_uris(config, "a.yaml")), "");
  ::unsetenv("MME_TEST_URI");
  const auto asked = asked_mongods(config);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].name, "127.0.0.1:1");
  EXPECT_EQ(asked[1].name, "b");
  EXPECT_EQ(asked[1].uri.address(), "127.0.0.1:2");
  EXPECT_EQ(asked_names(config), (std::vector<std::string>{"127.0.0.1:1", "b", ""}));
}

TEST_F(Uris, SaysWhatIsWrongAndWhere) {
  const std::string at = "a.yaml:3:7: targets.mongod[0].uri_file: ";
  const std::string mend = "; expected mongodb://USER:PASSWORD@HOST:PORT/ there";
  const std::string gone = directory_ + "/gone";
  EXPECT_EQ(errors_of({target(from_file(gone))}),
            at + "the file " + gone + " cannot be opened: ENOENT (No such file or directory)" + mend);
  EXPECT_EQ(errors_of({target(from_file(directory_))}),
            at + "the file " + directory_ + " cannot be read: EISDIR (Is a directory)" + mend);
  const std::string empty = file("empty", " \n");
  EXPECT_EQ(errors_of({target(from_file(empty))}), at + "the file " + empty + " is empty" + mend);
  const std::string two = file("two", "mongodb://a/\nmongodb://b/\n");
  EXPECT_EQ(errors_of({target(from_file(two))}), at + "the file " + two + " has more than one line with a URI" + mend);
  EXPECT_EQ(errors_of({target(from_env("MME_TEST_NO_URI"))}),
            "a.yaml:4:7: targets.mongod[1].uri_env: the environment has no variable MME_TEST_NO_URI" + mend);
}

TEST_F(Uris, SaysWhatIsWrongWithTheUriWithoutIt) {
  const std::string path = file("bad", "mongodb://planted:secret@127.0.0.1/?nonsense=secret");
  EXPECT_EQ(errors_of({target(from_file(path))}), "a.yaml:3:7: targets.mongod[0].uri_file: what the file " + path +
                                                      " has cannot be used: option 1 of the URI is unknown");
}

TEST_F(Uris, TwoTargetsCannotBeOneMongod) {
  const std::string path = file("a", "mongodb://127.0.0.1:1/");
  EXPECT_EQ(
      errors_of({target(from_file(path, 3)), target(from_file(path, 5))}),
      "a.yaml:5:7: targets.mongod[0].uri_file: names 127.0.0.1:1, as line 3 does; two targets cannot be one mongod");
}

TEST_F(Uris, AnotherTextInTheSameFileIsAnotherConfiguration) {
  Config before;
  before.targets = {target(from_file(file("a", "mongodb://u:old@127.0.0.1:1/")))};
  Config after = before;
  ASSERT_TRUE(read_uris(before, "a.yaml").empty());
  file("a", "mongodb://u:new@127.0.0.1:1/");
  ASSERT_TRUE(read_uris(after, "a.yaml").empty());
  EXPECT_NE(before, after);
  EXPECT_NE(asked_mongods(before), asked_mongods(after));
}

TEST_F(Uris, WarnsOfFilesThatEveryoneMayRead) {
  Config config;
  const std::string open = file("open", "mongodb://127.0.0.1:1/", 0644);
  config.targets = {target(from_file(open)), target(from_file(file("group", "mongodb://127.0.0.1:2/", 0640)))};
  EXPECT_EQ(uri_warnings(config),
            (std::vector<std::string>{open + " has credentials and every user may read it (chmod o-r " + open + ")"}));
}

}  // namespace
}  // namespace mme

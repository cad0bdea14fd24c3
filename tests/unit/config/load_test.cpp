// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support.h"

namespace mme {
namespace {

class LoadConfig : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "mme-config-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(std::string_view text) const {
    const std::string path = directory_ / "agent.yaml";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string errors_at(const std::string& path) {
    const auto config = load_config(path);
    return config ? std::string() : to_string(config.error());
  }

  std::filesystem::path directory_;
};

TEST_F(LoadConfig, ReadsAFile) {
  const auto config = load_config(write("log: {level: debug}\n"));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->log_level, LogLevel::debug);
}

TEST_F(LoadConfig, AnEmptyFileIsTheDefault) {
  EXPECT_EQ(load_config(write("")).value(), Config{});
}

TEST_F(LoadConfig, ErrorsNameTheFile) {
  const std::string path = write("lag: {}\n");
  EXPECT_EQ(errors_at(path), path + ":1:1: lag: unknown key; did you mean log?");
}

TEST_F(LoadConfig, Missing) {
  const std::string path = directory_ / "none.yaml";
  EXPECT_EQ(errors_at(path), path + ": cannot be opened: ENOENT (No such file or directory)");
}

TEST_F(LoadConfig, Directory) {
  EXPECT_EQ(errors_at(directory_), directory_.string() + ": cannot be read: EISDIR (Is a directory)");
}

TEST_F(LoadConfig, FifoDoesNotHang) {
  const std::string path = directory_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(errors_at(path), path + ": is not a regular file");
}

TEST_F(LoadConfig, TooLarge) {
  std::string text(kConfigBytesMax, '\n');
  EXPECT_EQ(load_config(write(text)).value(), Config{});
  const std::string path = write(text + "\n");
  EXPECT_EQ(errors_at(path), path + ": is larger than 1048576 bytes");
}

}  // namespace
}  // namespace mme

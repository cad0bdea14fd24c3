// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace mme::test {

// A directory of the test's own, with its files.
class TemporaryDirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "mme-slow-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }
  [[nodiscard]] bool exists(const std::string& name) const { return std::filesystem::exists(directory_ / name); }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name, std::ios::binary | std::ios::app) << text;
  }

  std::filesystem::path directory_;
};

}  // namespace mme::test

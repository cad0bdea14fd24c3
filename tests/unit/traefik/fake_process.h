// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mme::traefik {

// A /proc with one process, 7, whose root and working directory are its own.
class FakeProcess : public testing::Test {
 protected:
  FakeProcess() {
    std::string name = testing::TempDir() + "processXXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
    std::filesystem::create_directories(top_ / "proc/7");
    std::filesystem::create_directories(top_ / "root/work");
    std::filesystem::create_directory_symlink(top_ / "root", top_ / "proc/7/root");
    std::filesystem::create_directory_symlink(top_ / "root/work", top_ / "proc/7/cwd");
    process({"traefik"}, {});
  }
  ~FakeProcess() override { std::filesystem::remove_all(top_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((top_ / path).parent_path());
    std::ofstream(top_ / path, std::ios::binary) << text;
  }

  void process(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) const {
    const auto joined = [](const std::vector<std::string>& parts) {
      std::string out;
      for (const auto& part : parts) out += part + '\0';
      return out;
    };
    write("proc/7/cmdline", joined(arguments));
    write("proc/7/environ", joined(environment));
  }

  [[nodiscard]] std::string proc() const { return (top_ / "proc").string(); }

  std::filesystem::path top_;
};

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#include "traefik/loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "fake_process.h"

namespace mme::traefik {
namespace {

namespace fs = std::filesystem;

class LoaderTest : public FakeProcess {
 protected:
  [[nodiscard]] tl::expected<StaticConfiguration, Diagnostics> load() const { return load_static(7, proc()); }

  [[nodiscard]] LoadedFiles files(const std::string& filename, const std::string& directory = "") const {
    const auto process_files = ProcessFiles::open(7, proc());
    EXPECT_TRUE(process_files);
    return load_files({filename, directory}, *process_files);
  }
};

TEST_F(LoaderTest, TakesOnePlaceOnly) {
  process({"traefik", "--entrypoints.args.address=:1"}, {"TRAEFIK_ENTRYPOINTS_ENV_ADDRESS=:2", "HOME=/home"});
  EXPECT_TRUE(load()->entrypoints.contains("args"));
  EXPECT_FALSE(load()->entrypoints.contains("env"));
  write("root/work/traefik.yml", "entryPoints: {here: {address: ':3'}}");
  EXPECT_TRUE(load()->entrypoints.contains("here"));
  EXPECT_FALSE(load()->entrypoints.contains("args"));
  write("root/home/.config/traefik.toml", "[entryPoints.home]\naddress = ':4'");
  EXPECT_TRUE(load()->entrypoints.contains("home"));
  write("root/etc/traefik/traefik.yaml", "entryPoints: {etc: {address: ':5'}}");
  EXPECT_TRUE(load()->entrypoints.contains("etc"));
  process({"traefik", "--configFile=t.yml"}, {});
  EXPECT_TRUE(load()->entrypoints.contains("etc"));  // the file is not there: Traefik goes on to the next place
  write("root/work/t.yml", "entryPoints: {own: {address: ':6'}}");
  EXPECT_TRUE(load()->entrypoints.contains("own"));
}

TEST_F(LoaderTest, ReadsTheEnvironmentWhenThereIsNothingElse) {
  process({"traefik"}, {"TRAEFIK_ENTRYPOINTS_ENV_ADDRESS=:2"});
  EXPECT_TRUE(load()->entrypoints.contains("env"));
  process({"traefik"}, {});
  EXPECT_TRUE(load()->entrypoints.contains("http"));
  EXPECT_FALSE(load_static(8, proc()));
}

TEST_F(LoaderTest, SaysWhatCannotBeWhatTraefikStartedWith) {
  process({"traefik", "--configFile=/t.yml"}, {});
  ASSERT_EQ(load()->diagnostics.size(), 1U);
  EXPECT_EQ(load()->diagnostics.front().problem,
            "/t.yml is not there: if it was removed since Traefik started, Traefik runs with what it said");
  write("root/t.yml", "# nothing\n");
  EXPECT_EQ(
      to_string(load().error().front()),
      "static /t.yml: the file says nothing, and Traefik does not start with such a file: what it runs with is not "
      "known");
  write("root/t.yml", "api: {}");
  EXPECT_TRUE(load()->diagnostics.empty());
  process({"traefik"}, {"HOME=/"});
  EXPECT_EQ(load()->diagnostics.size(), 1U);
  process({"traefik"}, {"TRAEFIK_API=true"});
  EXPECT_TRUE(load()->diagnostics.empty());
}

TEST_F(LoaderTest, LinksStayInTheRoot) {
  write("root/data/real.yml", "http: {routers: {a: {rule: x, service: s}}}");
  fs::create_symlink("/data/real.yml", top_ / "root/absolute.yml");
  fs::create_symlink("../../../../../../../data/real.yml", top_ / "root/upwards.yml");
  EXPECT_TRUE(files("/absolute.yml").configuration);
  EXPECT_TRUE(files("/upwards.yml").configuration);
  write("outside.yml", "http: {}");
  EXPECT_FALSE(files((top_ / "outside.yml").string()).configuration);
}

TEST_F(LoaderTest, ReadsADirectoryAsTraefikDoes) {
  write("root/d/a.yml", "http: {routers: {a: {rule: first, service: s}}}");
  write("root/d/b.toml", "[http.routers.a]\nrule = 'second'\nservice = 's'\n");
  write("root/d/sub/c.yaml", "http: {routers: {c: {rule: x, service: s}}}");
  write("root/d/d.json", "{not read}");
  write("root/d/e.txt", "{not read}");
  const LoadedFiles loaded = files("", "/d");
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->routers.size(), 2U);
  EXPECT_EQ(loaded.configuration->routers.at("a@file").rule, "first");
  EXPECT_EQ(loaded.configuration->diagnostics.size(), 1U);
  std::vector<std::string> watched;
  for (const WatchedFile& file : loaded.files) watched.push_back(file.path);
  EXPECT_EQ(watched, (std::vector<std::string>{"/d", "/d/a.yml", "/d/b.toml", "/d/sub", "/d/sub/c.yaml"}));
  write("root/d/a.yml", "http: [");
  EXPECT_FALSE(files("", "/d").configuration);
}

TEST_F(LoaderTest, StampsAreOfWhatWasRead) {
  write("root/a.yml", "http: {}");
  const LoadedFiles loaded = files("/a.yml");
  const auto now = [this] { return ProcessFiles::open(7, proc())->stamp("/a.yml"); };
  EXPECT_EQ(loaded.files, (std::vector<WatchedFile>{{"/a.yml", now()}}));
  write("root/a.yml", "http: {routers: {}}");
  EXPECT_NE(loaded.files, (std::vector<WatchedFile>{{"/a.yml", now()}}));
}

TEST_F(LoaderTest, SaysWhatItCannotRead) {
  EXPECT_EQ(to_string(files("/gone.yml").configuration.error().front()),
            "file /gone.yml: read: ENOENT (No such file or directory)");
  EXPECT_FALSE(files("/work").configuration);
  EXPECT_FALSE(files("/x.txt").configuration);
  EXPECT_FALSE(files("").configuration);
  ASSERT_EQ(::mkfifo((top_ / "root/pipe.yml").c_str(), 0600), 0);
  EXPECT_EQ(to_string(files("/pipe.yml").configuration.error().front()),
            "file /pipe.yml: read: EINVAL (Invalid argument)");
  write("root/big.yml", std::string(kConfigurationBytesMax + 1, '#'));
  EXPECT_EQ(to_string(files("/big.yml").configuration.error().front()), "file /big.yml: read: EFBIG (File too large)");
}

}  // namespace
}  // namespace mme::traefik

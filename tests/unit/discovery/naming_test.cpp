// SPDX-License-Identifier: Apache-2.0
#include "discovery/naming.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

using Names = std::vector<std::string>;

NameClaim claim(pid_t pid, const std::string& place, uint16_t port) {
  return {pid, static_cast<uint64_t>(pid) * 100, "traefik", place, port};
}

TEST(PlaceOf, CutsContainerIds) {
  const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  EXPECT_EQ(place_of("/docker/" + id), "/docker/0123456789ab");
  EXPECT_EQ(place_of("/system.slice/docker-" + id + ".scope"), "/system.slice/docker-0123456789ab.scope");
  EXPECT_EQ(place_of("/system.slice/traefik.service"), "/system.slice/traefik.service");
  EXPECT_EQ(place_of("/"), "/");
}

TEST(PlaceOf, APodOutlivesItsContainers) {
  const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  EXPECT_EQ(place_of("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_ab.slice/cri-containerd-" + id +
                     ".scope"),
            "/pod12_ab");
  EXPECT_EQ(place_of("/kubepods/besteffort/pod12-ab/" + id), "/pod12-ab");
  EXPECT_EQ(place_of("/kubepods.slice/kubepods-besteffort.slice"), "/kubepods.slice/kubepods-besteffort.slice");
}

TEST(NameBook, OneHasThePlainName) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/a", 0)}), Names{"traefik"});
  EXPECT_EQ(book.assign({claim(1, "/a", 80)}), Names{"traefik"});
}

TEST(NameBook, ARenamedOneHasItsNewName) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/a", 80)}), Names{"traefik"});
  NameClaim renamed = claim(1, "/a", 80);
  renamed.base = "front";
  EXPECT_EQ(book.assign({renamed}), Names{"front"});
  EXPECT_EQ(book.assign({claim(1, "/a", 80)}), Names{"traefik"});
}

TEST(NameBook, ASecondOneLeavesTheFirstItsName) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/a", 80)}), Names{"traefik"});
  EXPECT_EQ(book.assign({claim(1, "/a", 80), claim(2, "/b", 0)}), (Names{"traefik", "traefik@/b"}));
}

TEST(NameBook, OfTwoAtOnceNeitherHasIt) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/a", 80), claim(2, "/b", 81)}), (Names{"traefik@/a", "traefik@/b"}));
}

TEST(NameBook, ARestartKeepsTheName) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/a", 80), claim(2, "/b", 81)}), (Names{"traefik@/a", "traefik@/b"}));
  EXPECT_EQ(book.assign({claim(2, "/b", 81)}), Names{"traefik@/b"});
  EXPECT_EQ(book.assign({claim(3, "/a", 0), claim(2, "/b", 81)}), (Names{"traefik@/a", "traefik@/b"}));
}

TEST(NameBook, ARecreatedContainerTakesOverThePlainName) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/docker/1", 80)}), Names{"traefik"});
  EXPECT_EQ(book.assign({}), Names{});
  EXPECT_EQ(book.assign({claim(2, "/docker/2", 80)}), Names{"traefik"});
}

TEST(NameBook, InOnePlaceThePortTells) {
  NameBook book;
  EXPECT_EQ(book.assign({claim(1, "/", 0), claim(2, "/", 0)}), (Names{"", ""}));
  EXPECT_EQ(book.assign({claim(1, "/", 80), claim(2, "/", 0)}), (Names{"traefik@/:80", ""}));
  EXPECT_EQ(book.assign({claim(1, "/", 80), claim(2, "/", 81)}), (Names{"traefik@/:80", "traefik@/:81"}));
  // Restarted in the other order: each has its own name again, once it listens.
  EXPECT_EQ(book.assign({}), Names{});
  EXPECT_EQ(book.assign({claim(3, "/", 0), claim(4, "/", 81)}), (Names{"", "traefik@/:81"}));
  EXPECT_EQ(book.assign({claim(3, "/", 80), claim(4, "/", 81)}), (Names{"traefik@/:80", "traefik@/:81"}));
}

TEST(NameBook, ManyRecreatedContainersAreForgotten) {
  NameBook book;
  for (pid_t pid = 1; pid < 2000; ++pid) {
    ASSERT_EQ(book.assign({claim(pid, "/docker/" + std::to_string(pid), 80)}), Names{"traefik"});
  }
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/client_directory.h"

#include <gtest/gtest.h>

#include "metrics/names.h"

namespace mme {
namespace {

mme_in_flight connection(uint64_t cookie) {
  mme_in_flight raw{};
  raw.cookie = cookie;
  return raw;
}

class ClientDirectoryTest : public ::testing::Test {
 protected:
  // Empty: not known.
  [[nodiscard]] std::string name(uint64_t cookie) const {
    const Client* known = clients_.find(cookie);
    return known == nullptr ? "" : known->application;
  }

  ClientDirectory clients_;
};

TEST_F(ClientDirectoryTest, TheLatestHandshakeCounts) {
  clients_.remember(1, {"shop", "PyMongo"});
  clients_.remember(2, {"shop", "PyMongo"});
  clients_.remember(1, {"cart", "PyMongo"});
  EXPECT_EQ(name(1), "cart");
  EXPECT_EQ(name(2), "shop");
  EXPECT_EQ(clients_.find(3), nullptr);
  EXPECT_EQ(clients_.handshakes(), (std::map<std::string, uint64_t>{{"cart", 1}, {"shop", 2}}));
}

TEST_F(ClientDirectoryTest, ClosedConnectionsAreForgottenWhenTwoSamplesMissThem) {
  clients_.remember(1, {"shop", ""});
  clients_.remember(2, {"shop", ""});
  clients_.forget_closed({connection(1)});
  clients_.remember(3, {"young", ""});  // by an event that came before its first sample
  clients_.forget_closed({connection(1)});
  EXPECT_EQ(name(2), "");
  EXPECT_EQ(name(3), "young");
  clients_.forget_closed({connection(1), connection(3)});
  clients_.forget_closed({connection(1), connection(3)});
  EXPECT_EQ(name(1), "shop");
  EXPECT_EQ(name(3), "young");
}

TEST_F(ClientDirectoryTest, ALongLivedPoolOutlastsTheHandshakesOfOthers) {
  clients_.remember(1, {"pool", ""});
  uint64_t cookie = 2;
  for (int sample = 0; sample < 70; ++sample) {
    for (int handshake = 0; handshake < 1000; ++handshake) clients_.remember(cookie++, {"short", ""});
    clients_.forget_closed({connection(1)});
  }
  EXPECT_EQ(name(1), "pool");
}

TEST_F(ClientDirectoryTest, WithoutSamplesTheConnectionsAreBounded) {
  for (uint64_t cookie = 0; cookie <= ClientDirectory::kConnectionsMax; ++cookie) clients_.remember(cookie, {"a", ""});
  EXPECT_EQ(name(0), "");
  EXPECT_EQ(name(1), "a");
}

TEST_F(ClientDirectoryTest, ClientsWithoutConnectionsMakeRoom) {
  for (uint64_t cookie = 0; cookie < ClientDirectory::kClientsMax; ++cookie) {
    clients_.remember(cookie, {"job-" + std::to_string(cookie), ""});
  }
  clients_.remember(5000, {"late", ""});
  EXPECT_EQ(name(5000), "");  // no place
  clients_.remember(5001, {"job-7", ""});
  EXPECT_EQ(name(5001), "job-7");
  clients_.forget_closed({connection(5001)});
  clients_.forget_closed({connection(5001)});
  clients_.remember(5000, {"late", ""});
  EXPECT_EQ(name(5000), "late");
  EXPECT_EQ(name(5001), "job-7");
}

TEST_F(ClientDirectoryTest, CountersOfHandshakesStay) {
  for (size_t client = 0; client <= ClientDirectory::kApplicationNamesMax; ++client) {
    clients_.remember(client, {"job-" + std::to_string(client), ""});
  }
  clients_.forget_closed({});
  clients_.forget_closed({});
  EXPECT_EQ(clients_.handshakes().size(), ClientDirectory::kApplicationNamesMax + 1);
  EXPECT_EQ(clients_.handshakes().at(std::string(kOther)), 1U);
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "mongo/server_status.h"

#include <gtest/gtest.h>

#include <chrono>

#include "mongo/driver.h"

namespace mme::mongo {
namespace {

AskedMongod nobody(const std::string& name) {
  return {name, Uri::parse("mongodb://127.0.0.1:1/").value()};  // tcpmux: nobody listens there
}

TEST(ServerStatus, NobodyIsAsked) {
  ServerStatus asked;
  EXPECT_TRUE(asked.answers(*asked.ask()).empty());
  EXPECT_TRUE(asked.states().empty());
}

TEST(ServerStatus, WhoDoesNotAnswerIsDownAndHasNoSamples) {
  ServerStatus asked;
  asked.follow({nobody("a"), nobody("b")});
  const auto begun = ServerStatus::Clock::now();
  const auto answers = asked.answers(*asked.ask());
  EXPECT_LT(ServerStatus::Clock::now() - begun, kAnswerWithin + std::chrono::seconds(1));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].target, "a");
  EXPECT_EQ(answers[1].target, "b");
  for (const MongodStatus& answer : answers) {
    EXPECT_FALSE(answer.up);
    EXPECT_EQ(answer.cluster_role, "");
    EXPECT_TRUE(answer.samples.empty());
  }
}

TEST(ServerStatus, SaysSinceWhenAndWhy) {
  const auto before = ServerStatus::Clock::now();
  ServerStatus asked;
  asked.follow({nobody("a")});
  for (int i = 0; i < 3; ++i) (void)asked.answers(*asked.ask());
  const auto states = asked.states();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].name, "a");
  EXPECT_EQ(states[0].address, "127.0.0.1:1");
  ASSERT_TRUE(states[0].error.has_value());
  EXPECT_GE(states[0].failing_since, before);
  const auto since = states[0].failing_since;
  asked.follow({nobody("a")});  // the same: nothing begins again
  (void)asked.answers(*asked.ask());
  EXPECT_EQ(asked.states()[0].failing_since, since);
}

TEST(ServerStatus, FollowsAReload) {
  ServerStatus asked;
  asked.follow({nobody("a")});
  const auto questions = asked.ask();
  asked.follow({nobody("b")});
  EXPECT_EQ(asked.answers(*questions).at(0).target, "a");  // a scrape that was under way
  EXPECT_EQ(asked.answers(*asked.ask()).at(0).target, "b");
  asked.follow({});
  EXPECT_TRUE(asked.states().empty());
}

}  // namespace
}  // namespace mme::mongo

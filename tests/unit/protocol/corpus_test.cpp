// SPDX-License-Identifier: Apache-2.0
// Every conversation of tests/corpus gives its samples, however TCP cuts, repeats or reorders it.
#include <gtest/gtest.h>

#include <numeric>

#include "unit/protocol/replay.h"
#include "unit/protocol/sample_text.h"

namespace mme::test {
namespace {

class Corpus : public testing::TestWithParam<Conversation> {};

uint64_t skipped_bytes(const mme_account& account) {
  return std::accumulate(std::begin(account.bytes_skipped), std::end(account.bytes_skipped), uint64_t{0});
}

std::map<std::string, uint64_t> skipped_messages(const mme_account& account) {
  std::map<std::string, uint64_t> reasons;
  for (unsigned i = 0; i < MME_SKIPS; i++)
    if (account.messages_skipped[i]) reasons[skip_reason(i)] = account.messages_skipped[i];
  return reasons;
}

void expect_same(const HostConnection& expected, const HostConnection& actual) {
  ASSERT_EQ(sample_texts(expected), sample_texts(actual));
  for (size_t i = 0; i < expected.samples().size(); i++)
    ASSERT_EQ(0, std::memcmp(&expected.samples()[i], &actual.samples()[i], sizeof(mme_sample))) << "sample " << i;
  ASSERT_EQ(skipped_messages(expected.account()), skipped_messages(actual.account()));
}

TEST_P(Corpus, GivesItsSamples) {
  const HostConnection connection = play(GetParam(), whole(GetParam()));
  EXPECT_EQ(GetParam().samples, sample_texts(connection));
  EXPECT_EQ(GetParam().skipped_messages, skipped_messages(connection.account()));
}

TEST_P(Corpus, GivesTheSameHoweverItIsCut) {
  const HostConnection expected = play(GetParam(), whole(GetParam()));
  for (const Replay& replay : every_replay(GetParam())) {
    expect_same(expected, play(GetParam(), replay));
    if (HasFatalFailure()) FAIL() << replay.name;
  }
}

TEST_P(Corpus, AccountsEveryByte) {
  for (const Replay& replay : every_replay(GetParam())) {
    uint64_t sent = 0;
    for (const Packet& packet : replay.packets) sent += packet.bytes;
    const mme_account account = play(GetParam(), replay).account();
    ASSERT_EQ(account.bytes_seen, account.bytes_parsed + skipped_bytes(account)) << replay.name;
    ASSERT_EQ(account.bytes_seen, sent) << replay.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Corpus, testing::ValuesIn(read_corpus()),
                         [](const auto& file) { return file.param.name; });

}  // namespace
}  // namespace mme::test

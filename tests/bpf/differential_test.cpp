// SPDX-License-Identifier: Apache-2.0
// The corpus through the observer in the running kernel gives what the host driver gives: parser state, samples and
// accounts, bit for bit, after every segment.
#include <gtest/gtest.h>

#include <cstring>

#include "kernel_connection.h"
#include "unit/protocol/replay.h"
#include "unit/protocol/sample_text.h"

namespace mme::test {
namespace {

class KernelIsHost : public testing::TestWithParam<Conversation> {
 protected:
  static void SetUpTestSuite() { kernel_ = new KernelConnection(); }
  static void TearDownTestSuite() {
    delete kernel_;
    kernel_ = nullptr;
  }
  static KernelConnection* kernel_;
};
KernelConnection* KernelIsHost::kernel_ = nullptr;

// What only a packet's header tells.
mme_sample addressed(mme_sample sample) {
  if (sample.key.family == MME_FAMILY_MONGO) return sample;
  sample.key.port = kServerPort;
  if (sample.key.family == MME_FAMILY_UPSTREAM) sample.key.name[1] = 0x0200000affff0000ull;  // ::ffff:10.0.0.2
  return sample;
}

// The padding too: on both sides it was zero at first and is never written.
template <typename Value>
bool same(const Value& a, const Value& b) {
  return std::memcmp(&a, &b, sizeof(Value)) == 0;  // NOLINT(bugprone-suspicious-memory-comparison)
}

std::string bytes(const void* data, size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; i++) {
    const uint8_t byte = static_cast<const uint8_t*>(data)[i];
    text += digits[byte >> 4];
    text += digits[byte & 15];
    if (i % 8 == 7) text += ' ';
  }
  return text;
}

void expect_same(const HostConnection& host, const KernelConnection& kernel) {
  const mme_connection state = kernel.state();
  ASSERT_TRUE(same(host.state(), state)) << "host   " << bytes(&host.state(), sizeof(state)) << "\nkernel "
                                         << bytes(&state, sizeof(state));
  const mme_account account = kernel.account();
  ASSERT_EQ(host.account().bytes_seen, account.bytes_seen);
  ASSERT_EQ(host.account().bytes_parsed, account.bytes_parsed);
  for (unsigned i = 0; i < MME_SKIPS; i++) {
    ASSERT_EQ(host.account().bytes_skipped[i], account.bytes_skipped[i]) << skip_reason(i);
    ASSERT_EQ(host.account().messages_skipped[i], account.messages_skipped[i]) << skip_reason(i);
  }
  const std::vector<mme_sample> samples = kernel.samples();
  ASSERT_EQ(host.samples().size(), samples.size());
  for (size_t i = 0; i < samples.size(); i++)
    ASSERT_TRUE(same(addressed(host.samples()[i]), samples[i]))
        << "sample " << i << "\nhost   " << to_text(host.samples()[i], host) << "\nkernel "
        << to_text(samples[i], host);
}

// `each`: look after every segment, not only at the end.
void play_both(KernelConnection& kernel, const Conversation& conversation, const Replay& replay, bool each) {
  HostConnection host = host_connection(conversation);
  kernel.reset(host.state());
  const std::vector<Segment> all = segments(conversation, replay);
  for (size_t i = 0; i < all.size(); i++) {
    host.segment(all[i]);
    kernel.segment(all[i]);
    if (!each && i + 1 < all.size()) continue;
    expect_same(host, kernel);
    if (testing::Test::HasFatalFailure()) FAIL() << replay.name << ", after segment " << i;
  }
}

TEST_P(KernelIsHost, Whole) {
  play_both(*kernel_, GetParam(), whole(GetParam()), true);
}

TEST_P(KernelIsHost, ByteByByte) {
  if (!GetParam().whole) play_both(*kernel_, GetParam(), in_pieces(GetParam(), 1), true);
}

TEST_P(KernelIsHost, HoweverItIsCut) {
  for (const Replay& replay : every_replay(GetParam())) {
    play_both(*kernel_, GetParam(), replay, false);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, KernelIsHost, testing::ValuesIn(read_corpus()),
                         [](const auto& file) { return file.param.name; });

}  // namespace
}  // namespace mme::test

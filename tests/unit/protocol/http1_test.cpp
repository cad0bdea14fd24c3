// SPDX-License-Identifier: Apache-2.0
// What is too large for the corpus: long heads, and bodies of gigabytes that pass by without being looked at.
#include <gtest/gtest.h>

#include "unit/protocol/sample_text.h"

namespace mme::test {
namespace {

struct Talk {
  HostConnection connection{MME_ROLE_ENTRYPOINT};
  uint32_t next[2] = {1000, 2000};  // of replies, of requests
  uint64_t now_ns = 0;

  Talk() { connection.open(next[1], next[0]); }

  void send(bool is_request, std::string_view bytes) {
    connection.segment({.is_request = is_request, .sequence = next[is_request], .bytes = bytes, .now_ns = ++now_ns});
    next[is_request] += static_cast<uint32_t>(bytes.size());
  }
  void request(std::string_view bytes) { send(true, bytes); }
  void reply(std::string_view bytes) { send(false, bytes); }
  void fin(bool is_request) {
    connection.segment({.is_request = is_request, .sequence = next[is_request], .bytes = {}, .fin = true});
  }
  std::vector<std::string> samples() const { return sample_texts(connection); }
  uint64_t skipped(mme_skip reason) const { return connection.account().messages_skipped[reason]; }
};

using Texts = std::vector<std::string>;
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kEmpty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// A head of exactly this many bytes.
std::string head_of(size_t bytes) {
  const std::string start = "GET / HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  return start + std::string(bytes - start.size() - end.size(), 'x') + end;
}

TEST(Http1, HeadsUpTo64KiB) {
  for (const size_t bytes : {100u, 511u, 512u, 513u, 65535u, 65536u}) {
    Talk talk;
    talk.request(head_of(bytes));
    talk.reply(kEmpty);
    EXPECT_EQ(talk.samples(), Texts{"entrypoint GET 200 http 0/0"}) << bytes;
  }
}

TEST(Http1, LongerHeadsAreGivenUp) {
  Talk talk;
  talk.request(head_of(65536 + 64));
  talk.reply(kEmpty);
  EXPECT_EQ(talk.samples(), Texts{});
  EXPECT_EQ(talk.skipped(MME_SKIP_HEAD_TOO_LONG), 1u);
}

TEST(Http1, EndlessTargetIsGivenUp) {
  Talk talk;
  talk.request("GET /");
  for (int i = 0; i < 70; i++) talk.request(std::string(1000, 'x'));
  EXPECT_EQ(talk.skipped(MME_SKIP_HEAD_TOO_LONG), 1u);
}

TEST(Http1, ARequestThatTraefikGaveUpHasNoReply) {
  Talk talk;
  talk.connection = HostConnection{MME_ROLE_UPSTREAM};
  talk.connection.open(talk.next[1], talk.next[0]);
  talk.request("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  talk.reply(kEmpty);
  talk.request("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  talk.fin(true);
  talk.reply(kEmpty);
  EXPECT_EQ(talk.samples(), Texts{"upstream GET 200 http 0/0"});
  EXPECT_EQ(talk.skipped(MME_SKIP_NO_REPLY), 1u);
}

TEST(Http1, TenGigabytesByLength) {
  Talk talk;
  talk.request(kGet);
  talk.reply("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
  const std::string piece(10000000, 'x');
  for (int i = 0; i < 1000; i++) talk.reply(piece);
  talk.request(kGet);
  talk.reply(kEmpty);
  EXPECT_EQ(talk.samples(), (Texts{"entrypoint GET 200 http 0/10000000000", "entrypoint GET 200 http 0/0"}));
}

TEST(Http1, TenGigabytesInOneChunk) {
  Talk talk;
  talk.request("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2540BE400\r\n");
  const std::string piece(10000000, 'x');
  for (int i = 0; i < 1000; i++) talk.request(piece);
  talk.request("\r\n0\r\n\r\n");
  talk.reply(kEmpty);
  EXPECT_EQ(talk.samples(), Texts{"entrypoint POST 200 http 10000000000/0"});
}

TEST(Http1, ManyChunksEachWithASegmentOfItsOwn) {  // chunk framing is no head
  Talk talk;
  talk.request(kGet);
  talk.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 20000; i++) {
    talk.reply("3\r\n");
    talk.reply("abc");
    talk.reply("\r\n");
  }
  talk.reply("0\r\n\r\n");
  EXPECT_EQ(talk.samples(), Texts{"entrypoint GET 200 http 0/60000"});
}

TEST(Http1, ChunkSizesThatOverflowAreRefused) {
  Talk talk;
  talk.request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n");
  EXPECT_EQ(talk.skipped(MME_SKIP_MALFORMED), 1u);
}

TEST(Http1, LengthsThatOverflowAreRefused) {
  for (const char* length : {"18446744073709551617", "99999999999999999999", "-1", "+1", "", "1 1", "0x5"}) {
    Talk talk;
    talk.request("POST / HTTP/1.1\r\nContent-Length: " + std::string(length) + "\r\n\r\n");
    EXPECT_EQ(talk.skipped(MME_SKIP_MALFORMED), 1u) << length;
  }
}

TEST(Http1, AHundredThousandPipelinedRequestsKeepTheirOrder) {  // ordinals wrap at 2^16
  Talk talk;
  for (int i = 0; i < 100000; i += 10) {
    for (int j = 0; j < 10; j++) talk.request(j % 2 ? kGet : "HEAD / HTTP/1.1\r\n\r\n");
    for (int j = 0; j < 10; j++)
      talk.reply(j % 2 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                       : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  }
  const auto& samples = talk.connection.samples();
  ASSERT_EQ(samples.size(), 100000u);
  for (size_t i = 0; i < samples.size(); i++)
    ASSERT_EQ(samples[i].key.method, i % 2 ? MME_METHOD_GET : MME_METHOD_HEAD);
}

TEST(Http1, DurationIsFromTheFirstByteToTheLast) {
  Talk talk;
  talk.now_ns = 99;  // the first segment at 100
  talk.request("GE");
  talk.now_ns = 199;
  talk.request("T / HTTP/1.1\r\n\r\n");
  talk.now_ns = 299;
  talk.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  talk.now_ns = 399;
  talk.reply("o");
  talk.now_ns = 499;
  talk.reply("k");
  ASSERT_EQ(talk.connection.samples().size(), 1u);
  EXPECT_EQ(talk.connection.samples()[0].duration_ns, 400u);
}

TEST(Http1, AHoleInABodyDoesNoHarm) {  // bytes that TCP sent before this segment were never seen
  Talk talk;
  talk.request(kGet);
  talk.reply("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(10, 'x'));
  talk.next[0] += 50;
  talk.reply(std::string(40, 'x'));
  EXPECT_EQ(talk.samples(), Texts{"entrypoint GET 200 http 0/100"});
}

TEST(Http1, AfterAHoleInAHeadTheNextMessageCounts) {
  Talk talk;
  talk.request(kGet);
  talk.reply("HTTP/1.1 200 OK\r\nContent-Le");
  talk.next[0] += 11;
  talk.reply("x\r\n\r\n");
  talk.request(kGet);
  talk.reply(kEmpty);
  EXPECT_EQ(talk.samples(), Texts{"entrypoint GET 200 http 0/0"});
  EXPECT_EQ(talk.skipped(MME_SKIP_GAP), 1u);
}

TEST(Http1, ACloseDelimitedReplyOfAnUnfinishedStreamIsNotCounted) {
  Talk talk;
  talk.request(kGet);
  talk.reply("HTTP/1.1 200 OK\r\n\r\nsome");
  talk.next[0] += 5;  // the FIN is ahead of what was seen
  talk.fin(false);
  EXPECT_EQ(talk.samples(), Texts{});
}

}  // namespace
}  // namespace mme::test

// SPDX-License-Identifier: Apache-2.0
#include "mongo/compressed.h"

#include <gtest/gtest.h>

#include "mongo/query_shape.h"
#include "zip.h"

namespace mme::mongo {
namespace {

using test::kCompressors;
using test::kNoop;
using test::kSnappy;
using test::kZlib;
using test::kZstd;
using test::zip;
using test::zipped_body;

constexpr size_t kLimit = 64 << 10;
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

// The body of an OP_MSG, with what a compressor finds twice and what it does not.
std::string message(int documents) {
  std::string in = "0";
  uint32_t random = 1;
  for (int i = 1; i < documents; ++i) in += ", " + std::to_string(random = random * 1664525 + 1013904223);
  return std::string(4, '\0') + '\0' +
         test::bson(test::Json::parse(R"({"find": "orders", "filter": {"tenantId": "t", "n": {"$in": [)" + in +
                                      R"(]}}, "sort": {"at": -1}, "$db": "mme"})"));
}

std::string body_of(uint8_t compressor, const std::string& content) {
  return zipped_body(compressor, static_cast<uint32_t>(content.size()), zip(compressor, content));
}

tl::expected<Opened, OpenError> open(const std::string& body, size_t limit = kLimit) {
  return open_compressed(body, body.size(), limit);
}

OpenError error_of(const std::string& body) {
  const auto opened = open(body);
  EXPECT_FALSE(opened.has_value());
  return opened ? OpenError{} : opened.error();
}

TEST(Compressed, WholeOfEachCompressor) {
  for (const uint8_t compressor : kCompressors) {
    for (const int documents : {1, 100, 2000}) {
      const std::string content = message(documents);
      const auto opened = open(body_of(compressor, content));
      ASSERT_TRUE(opened) << int{compressor};
      EXPECT_EQ(opened->content, content);
      EXPECT_EQ(opened->opcode, MME_OP_MSG);
      EXPECT_EQ(opened->uncompressed_bytes, content.size());
      EXPECT_TRUE(opened->whole);
      const auto command = read_command(opened->content, opened->uncompressed_bytes);
      ASSERT_TRUE(command);
      EXPECT_EQ(query_shape(*command).text, "{find: ?, filter: {tenantId: ?, n: {$in: [?]}}, sort: {at: -1}}");
    }
  }
}

TEST(Compressed, CutAnywhereGivesAPrefix) {
  const std::string content = message(200);
  for (const uint8_t compressor : kCompressors) {
    const std::string body = body_of(compressor, content);
    size_t before = 0;
    for (size_t size = 0; size < body.size(); ++size) {
      const auto opened = open_compressed(std::string_view(body).substr(0, size), body.size(), kLimit);
      if (size < 9) {
        ASSERT_EQ(opened.error(), OpenError::short_header);
        continue;
      }
      ASSERT_TRUE(opened) << int{compressor} << " " << size;
      EXPECT_TRUE(content.starts_with(opened->content)) << int{compressor} << " " << size;
      EXPECT_EQ(opened->whole, opened->content == content);
      EXPECT_GE(opened->content.size(), before);
      before = opened->content.size();
    }
    EXPECT_TRUE(compressor == kZstd || before > content.size() - 100) << int{compressor};
  }
}

TEST(Compressed, OfZstdTheBlocksThatAreThere) {
  const std::string content = std::string(128 << 10, 'a') + message(20000);
  const std::string body = body_of(kZstd, content);
  const auto opened = open_compressed(std::string_view(body).substr(0, 1000), body.size(), 1 << 20);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->content, content.substr(0, 128 << 10));
  EXPECT_FALSE(opened->whole);
}

TEST(Compressed, LimitHolds) {
  const std::string content = message(50000);
  for (const uint8_t compressor : kCompressors) {
    const std::string body = body_of(compressor, content);
    for (const size_t limit : {size_t{0}, size_t{1}, size_t{100}, kLimit, content.size() - 1, content.size()}) {
      const auto opened = open(body, limit);
      ASSERT_TRUE(opened) << int{compressor} << " " << limit;
      EXPECT_EQ(opened->content, content.substr(0, limit)) << int{compressor} << " " << limit;
      EXPECT_EQ(opened->whole, limit == content.size());
    }
    EXPECT_EQ(open(body, SIZE_MAX)->content, content);
  }
}

// A gigabyte of zeros, of each compressor.
std::string snappy_bomb(uint32_t length) {
  std::string stream;
  for (; length >= 0x80; length >>= 7) stream += static_cast<char>(length | 0x80);
  stream += static_cast<char>(length);
  stream += std::string(2, '\0');
  std::string copies;  // 64 bytes each, 16 MiB
  for (size_t i = 0; i < (size_t{16} << 20) / 64; ++i) copies += {"\xfe\x01\x00", 3};
  for (int i = 0; i < 64; ++i) stream += copies;
  return stream;
}

std::string zlib_bomb() {
  z_stream state{};
  EXPECT_EQ(deflateInit(&state, 9), Z_OK);
  std::string zeros(1 << 20, '\0'), piece(1 << 16, '\0'), stream;
  for (int i = 0; i < 2; ++i) {
    state.next_in = reinterpret_cast<Bytef*>(zeros.data());
    state.avail_in = static_cast<uInt>(zeros.size());
    state.next_out = reinterpret_cast<Bytef*>(piece.data());
    state.avail_out = static_cast<uInt>(piece.size());
    EXPECT_EQ(deflate(&state, Z_FULL_FLUSH), Z_OK);
    piece.resize(piece.size() - state.avail_out);
    stream += piece;
    if (i == 0) piece.resize(1 << 16);
  }
  deflateEnd(&state);
  for (int i = 2; i < 1024; ++i) stream += piece;
  return stream;
}

std::string zstd_bomb() {
  std::string stream = std::string(kZstdMagic) + std::string("\x00\x58", 2);  // a window of 2 MiB, no content size
  for (size_t i = 0; i < (size_t{1} << 30) / (128 << 10); ++i) stream += std::string("\x02\x00\x10\x00", 4);  // RLE
  return stream;
}

TEST(Compressed, BombsGiveTheLimit) {
  const std::string bombs[] = {std::string(1 << 20, '\0'), snappy_bomb(48'000'000), zlib_bomb(), zstd_bomb()};
  for (const uint8_t compressor : kCompressors) {
    const std::string& bomb = bombs[compressor];
    EXPECT_EQ(error_of(zipped_body(compressor, 1 << 30, bomb)), OpenError::too_large);
    EXPECT_EQ(error_of(zipped_body(compressor, 0xffffffff, bomb)), OpenError::too_large);
    const auto opened = open(zipped_body(compressor, 48'000'000, bomb));
    ASSERT_TRUE(opened) << int{compressor};
    EXPECT_EQ(opened->content, std::string(kLimit, '\0'));
    EXPECT_FALSE(opened->whole);
    EXPECT_EQ(error_of(zipped_body(compressor, 1000, bomb)), OpenError::damaged) << int{compressor};
  }
  EXPECT_EQ(error_of(zipped_body(kSnappy, 1000, snappy_bomb(1000))), OpenError::damaged);
  EXPECT_EQ(error_of(zipped_body(kSnappy, 1000, snappy_bomb(0xffffffff))), OpenError::damaged);
}

TEST(Compressed, EndlessNothingIsNotReadOn) {
  std::string nothing = "\x78\x01";  // of stored blocks without content
  for (size_t i = 0; i < (1 << 20); ++i) nothing += std::string("\x00\x00\x00\xff\xff", 5);
  const auto opened = open(zipped_body(kZlib, 1000, nothing));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->content, "");
}

TEST(Compressed, LyingSizes) {
  const std::string content = message(100);
  for (const uint8_t compressor : kCompressors) {
    const std::string stream = zip(compressor, content);
    for (const size_t lie : {size_t{0}, size_t{1}, content.size() - 1, content.size() + 1, size_t{48'000'000}}) {
      const std::string body = zipped_body(compressor, static_cast<uint32_t>(lie), stream);
      EXPECT_EQ(error_of(body), OpenError::damaged) << int{compressor} << " " << lie;
      const auto cut = open_compressed(std::string_view(body).substr(0, body.size() / 2), body.size(), kLimit);
      EXPECT_TRUE(!cut || content.substr(0, lie).starts_with(cut->content));
    }
    EXPECT_EQ(error_of(zipped_body(compressor, 48'000'001, stream)), OpenError::too_large);
  }
}

TEST(Compressed, NothingAtAll) {
  for (const uint8_t compressor : kCompressors) {
    const auto opened = open(body_of(compressor, ""));
    ASSERT_TRUE(opened) << int{compressor};
    EXPECT_TRUE(opened->whole);
    EXPECT_EQ(error_of(zipped_body(compressor, 5, "")), OpenError::damaged);
    EXPECT_TRUE(open_compressed(zipped_body(compressor, 5, ""), 100, kLimit)->content.empty());
  }
}

TEST(Compressed, DamageAnywhereDoesNoHarm) {
  const std::string content = message(60);
  for (const uint8_t compressor : kCompressors) {
    const std::string body = body_of(compressor, content);
    for (size_t at = 0; at < body.size(); ++at) {
      for (const int bits : {0x01, 0x80, 0xff}) {
        std::string damaged = body;
        damaged[at] = static_cast<char>(damaged[at] ^ bits);
        const auto opened = open(damaged);
        EXPECT_TRUE(!opened || opened->content.size() <= kLimit);
        // zlib has a checksum
        EXPECT_TRUE(!opened || compressor != kZlib || opened->content == content) << at;
        const auto cut = open_compressed(std::string_view(damaged).substr(0, body.size() - 1), body.size(), 300);
        EXPECT_TRUE(!cut || cut->content.size() <= 300);
      }
    }
  }
}

TEST(Compressed, WhatItRefuses) {
  const std::string content = message(3);
  EXPECT_EQ(error_of(""), OpenError::short_header);
  for (int id = 4; id < 256; ++id)
    EXPECT_EQ(error_of(zipped_body(static_cast<uint8_t>(id), 100, content)), OpenError::unknown_compressor);
  EXPECT_EQ(error_of(zipped_body(kNoop, 100, content, MME_OP_COMPRESSED)), OpenError::nested);
  EXPECT_EQ(error_of(zipped_body(kSnappy, 100, "\xff\xff\xff\xff\xff\xff")), OpenError::damaged);
}

std::string zstd_frame(const std::string& header) {
  return std::string(kZstdMagic) + header + std::string("\x02\x00\x10\x00", 4);  // 128 KiB of zeros, and more follows
}

TEST(Compressed, OfZstdTheFirstBytesWhateverItsWindow) {
  const std::string eight("\x00\x00\x00\x02\x00\x00\x00\x00", 8);                 // a content of 32 MiB
  std::vector<std::string> headers{"\xe0" + eight, "\xa0" + eight.substr(0, 4)};  // which is the window as well
  for (const int log : {22, 27, 31}) {
    const auto window = static_cast<char>((log - 10) << 3);
    headers.push_back(std::string(1, '\0') + window);
    headers.push_back(std::string("\x80") + window + eight.substr(0, 4));
    headers.push_back(std::string("\x40") + window + "\xff\xff");
  }
  for (const std::string& header : headers) {
    const std::string body = zipped_body(kZstd, 32 << 20, zstd_frame(header));
    const auto opened = open_compressed(body, 1 << 20, kLimit);
    ASSERT_TRUE(opened) << header;
    EXPECT_EQ(opened->content, std::string(kLimit, '\0'));
    EXPECT_FALSE(opened->whole);
  }
}

TEST(Compressed, OfZstdNothingThatNeedsADictionaryOrAWindowAlone) {
  EXPECT_EQ(error_of(zipped_body(kZstd, 1'000'000, zstd_frame(std::string("\x01\x60\x07", 3)))), OpenError::damaged);
  const std::string wide = zipped_body(kZstd, 32 << 20, zstd_frame(std::string("\x00\x60", 2)));
  EXPECT_EQ(open_compressed(wide, 64 << 20, 32 << 20).error(), OpenError::too_large);
  for (const std::string legacy : {"\x25\xb5\x2f\xfd", "\x26\xb5\x2f\xfd", "\x27\xb5\x2f\xfd", "\x50\x2a\x4d\x18"})
    EXPECT_EQ(error_of(zipped_body(kZstd, 100, legacy + std::string(100, '\x7f'))), OpenError::damaged);
}

}  // namespace
}  // namespace mme::mongo

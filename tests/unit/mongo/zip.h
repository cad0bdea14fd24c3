// SPDX-License-Identifier: Apache-2.0
// Compresses as MongoDB's servers and drivers do, for the tests and the fuzzer.
#pragma once

#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "../protocol/bson.h"

namespace mme::test {

enum : uint8_t { kNoop = 0, kSnappy = 1, kZlib = 2, kZstd = 3 };
inline constexpr uint8_t kCompressors[] = {kNoop, kSnappy, kZlib, kZstd};

inline std::string zip(uint8_t compressor, std::string_view content) {
  std::string out;
  if (compressor == kNoop) {
    out = content;
  } else if (compressor == kSnappy) {
    snappy::Compress(content.data(), content.size(), &out);
  } else if (compressor == kZlib) {
    uLongf size = compressBound(content.size());
    out.resize(size);
    compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
             content.size());
    out.resize(size);
  } else {
    out.resize(ZSTD_compressBound(content.size()));
    out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), ZSTD_CLEVEL_DEFAULT));
  }
  return out;
}

// What follows the header of an OP_COMPRESSED.
inline std::string zipped_body(uint8_t compressor, uint32_t uncompressed_bytes, std::string_view stream,
                               uint32_t opcode = MME_OP_MSG) {
  return u32(opcode) + u32(uncompressed_bytes) + static_cast<char>(compressor) + std::string(stream);
}

}  // namespace mme::test

// SPDX-License-Identifier: Apache-2.0
#include "mongo/compressed.h"

#include <snappy-sinksource.h>
#include <snappy.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "mme/mongo.h"

namespace mme::mongo {
namespace {

constexpr uint32_t kMessageBytesMax = 48'000'000;  // maxMessageSizeBytes
constexpr size_t kHeaderBytes = 9;
constexpr size_t kBlockBytesMax = 128 << 10;  // of zstd's blocks, the longest that must be there at once
constexpr size_t kSnappyCopyMax = 64;
constexpr int kWindowLogMax = 21;  // 2 MiB: zstd's level 3, which servers and drivers use unless told otherwise
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

enum Compressor : uint8_t { kNoop = 0, kSnappy = 1, kZlib = 2, kZstd = 3 };

struct Header {
  int32_t opcode;
  uint32_t uncompressed_bytes;
  uint8_t compressor;
};

struct Decoded {
  std::string content;
  bool ended = false;  // the stream says that no more follows
};
using Decoding = tl::expected<Decoded, OpenError>;

tl::unexpected<OpenError> refuse(OpenError error) {
  return tl::make_unexpected(error);
}

Header read_header(std::string_view body) {
  static_assert(std::endian::native == std::endian::little);
  Header header{};
  std::memcpy(&header.opcode, body.data(), 4);
  std::memcpy(&header.uncompressed_bytes, body.data() + 4, 4);
  header.compressor = static_cast<uint8_t>(body[8]);
  return header;
}

// Keeps the first `room` bytes.
class PrefixSink final : public snappy::Sink {
 public:
  explicit PrefixSink(size_t room) : room_(room) {}
  void Append(const char* bytes, size_t size) override {
    content_.append(bytes, std::min(size, room_ - content_.size()));
  }
  [[nodiscard]] std::string content() && { return std::move(content_); }

 private:
  std::string content_;
  size_t room_;
};

std::string varint(size_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
bool goes_on(char of_varint) {
  return (static_cast<unsigned char>(of_varint) & 0x80) != 0;
}

// snappy writes up to the length in front of the stream and allocates by it, so there it reads what there is room for,
// and for one copy more: it refuses a copy that goes over.
Decoding from_snappy(std::string_view stream, uint32_t declared, size_t room) {
  size_t length = 0;
  if (!snappy::GetUncompressedLength(stream.data(), stream.size(), &length)) {
    const bool is_cut = stream.size() < 5 && std::all_of(stream.begin(), stream.end(), goes_on);
    return is_cut ? Decoding(Decoded{}) : refuse(OpenError::damaged);
  }
  if (length != declared) return refuse(OpenError::damaged);
  const auto* last = std::find_if_not(stream.begin(), stream.end(), goes_on);
  const std::string bounded = varint(room + kSnappyCopyMax) + std::string(last + 1, stream.end());
  snappy::ByteArraySource source(bounded.data(), bounded.size());
  PrefixSink sink(room);
  snappy::UncompressAsMuchAsPossible(&source, &sink);
  return Decoded{.content = std::move(sink).content()};
}

Decoding from_zlib(std::string_view stream, size_t room) {
  z_stream state{};
  if (inflateInit(&state) != Z_OK) return refuse(OpenError::damaged);
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&state, &inflateEnd);
  Decoded decoded{.content = std::string(room, '\0')};
  state.next_in = reinterpret_cast<const Bytef*>(stream.data());
  state.avail_in = static_cast<uInt>(stream.size());
  state.next_out = reinterpret_cast<Bytef*>(decoded.content.data());
  state.avail_out = static_cast<uInt>(room);
  const int result = inflate(&state, Z_SYNC_FLUSH);
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return refuse(OpenError::damaged);
  decoded.content.resize(state.total_out);
  decoded.ended = result == Z_STREAM_END;
  return decoded;
}

// The same frame with a window of kWindowLogMax, which is all that the first so many bytes can refer to: an encoder
// that knows the length of its message takes that for the window. A header that is not whole, or needs a dictionary,
// stays.
std::string with_narrow_window(std::string_view stream) {
  const auto bytes = [&](size_t at) { return at < stream.size() ? static_cast<unsigned char>(stream[at]) : 0U; };
  const unsigned descriptor = bytes(4);
  const bool is_single = (descriptor >> 5 & 1) != 0;
  const unsigned size_flag = descriptor >> 6;
  const size_t size_bytes = size_flag != 0 ? 1U << size_flag : size_t{is_single};
  const size_t header_bytes = kZstdMagic.size() + 1 + size_t{!is_single} + size_bytes;
  if ((descriptor & 3) != 0 || stream.size() < header_bytes) return std::string(stream);
  const char window = (kWindowLogMax - 10) << 3;
  return std::string(kZstdMagic) + '\0' + window + std::string(stream.substr(header_bytes));
}

// One frame, of the format that begins so: the formats before it know no limit of the window. too_large: its window is.
Decoding from_zstd_frame(std::string_view stream, size_t room) {
  if (!stream.starts_with(kZstdMagic.substr(0, stream.size()))) return refuse(OpenError::damaged);
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLogMax)) != 0)
    return refuse(OpenError::damaged);
  Decoded decoded{.content = std::string(room, '\0')};
  ZSTD_inBuffer in{stream.data(), stream.size(), 0};
  ZSTD_outBuffer out{decoded.content.data(), room, 0};
  for (size_t moved = 0; !decoded.ended && out.pos < room; moved = in.pos + out.pos) {
    const size_t result = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(result) != 0) {
      const bool wide = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge;
      return refuse(wide ? OpenError::too_large : OpenError::damaged);
    }
    decoded.ended = result == 0;
    if (in.pos + out.pos == moved) break;
  }
  decoded.content.resize(out.pos);
  return decoded;
}

Decoding from_zstd(std::string_view stream, size_t room) {
  const Decoding decoded = from_zstd_frame(stream, room);
  const bool is_wide = !decoded && decoded.error() == OpenError::too_large;
  return is_wide && room <= size_t{1} << kWindowLogMax ? from_zstd_frame(with_narrow_window(stream), room) : decoded;
}

Decoding decode(const Header& header, std::string_view stream, size_t room) {
  switch (header.compressor) {
    case kNoop:
      return Decoded{.content = std::string(stream.substr(0, room))};
    case kSnappy:
      return from_snappy(stream, header.uncompressed_bytes, room);
    case kZlib:
      return from_zlib(stream, room);
    case kZstd:
      return from_zstd(stream, room);
    default:
      return refuse(OpenError::unknown_compressor);
  }
}

}  // namespace

tl::expected<Opened, OpenError> open_compressed(std::string_view body, size_t whole_bytes, size_t limit) {
  if (body.size() < kHeaderBytes) return refuse(OpenError::short_header);
  const Header header = read_header(body);
  if (header.opcode == MME_OP_COMPRESSED) return refuse(OpenError::nested);
  if (header.compressor > kZstd) return refuse(OpenError::unknown_compressor);
  if (header.uncompressed_bytes > kMessageBytesMax) return refuse(OpenError::too_large);

  const size_t declared = header.uncompressed_bytes;
  limit = std::min<size_t>(limit, kMessageBytesMax);
  // No compressor needs more for `limit` bytes; whoever does is read no further.
  const std::string_view stream = body.substr(kHeaderBytes, 2 * limit + kBlockBytesMax);
  const bool is_part = body.size() < whole_bytes || stream.size() < body.size() - kHeaderBytes;
  // Room for a byte too many tells a stream that is longer than is said.
  auto decoded = decode(header, stream, std::min(limit, declared + 1));
  if (!decoded) return refuse(decoded.error());
  const size_t size = decoded->content.size();
  const bool is_at_end = decoded->ended || !is_part;
  if (size > declared || (is_at_end && size < std::min(limit, declared))) return refuse(OpenError::damaged);
  return Opened{.opcode = header.opcode,
                .uncompressed_bytes = header.uncompressed_bytes,
                .content = std::move(decoded->content),
                .whole = size == declared};
}

}  // namespace mme::mongo

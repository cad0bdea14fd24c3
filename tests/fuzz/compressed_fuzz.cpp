// SPDX-License-Identifier: Apache-2.0
// Any bytes as an OP_COMPRESSED of MongoDB's, and what it carries as a command. Random bytes are seldom a stream, so
// the first byte may ask that they are compressed first.
#include <cstdlib>
#include <string>
#include <string_view>

#include "mongo/compressed.h"
#include "mongo/handshake.h"
#include "mongo/hello_reply.h"
#include "mongo/query_shape.h"
#include "unit/mongo/zip.h"

namespace {

using namespace mme::mongo;

constexpr size_t kLimit = 4096;

void require(bool condition) {
  if (!condition) std::abort();
}

void read(std::string_view body, size_t whole_bytes) {
  for (const auto& command : {read_command(body, whole_bytes), read_query(body, whole_bytes)}) {
    if (!command) continue;
    require(query_shape(*command).text.size() < 64 << 10);
    const auto client = client_metadata(*command);
    require(!client || client->application.size() <= 128);
  }
  const auto reply = read_hello_reply(body, whole_bytes);
  require(!reply || (reply->set_name.size() <= 128 && reply->me.size() <= 128));
  (void)read_legacy_hello_reply(body, whole_bytes);
}

void open(std::string_view body, size_t whole_bytes) {
  const auto opened = open_compressed(body, whole_bytes, kLimit);
  if (!opened) return;
  require(opened->content.size() <= kLimit && opened->content.size() <= opened->uncompressed_bytes);
  require(opened->whole == (opened->content.size() == opened->uncompressed_bytes));
  read(opened->content, opened->uncompressed_bytes);
}

// Whole it comes back as it was, cut it is a prefix.
void open_and_compare(uint8_t compressor, std::string_view content, size_t cut) {
  const std::string body =
      mme::test::zipped_body(compressor, static_cast<uint32_t>(content.size()), mme::test::zip(compressor, content));
  const auto whole = open_compressed(body, body.size(), kLimit);
  require(whole && whole->content == content.substr(0, kLimit));
  read(whole->content, whole->uncompressed_bytes);
  const auto part = open_compressed(std::string_view(body).substr(0, cut), body.size(), kLimit);
  require(part ? content.starts_with(part->content) : cut < 9);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto compressor = static_cast<uint8_t>(data[0] & 3);
  if ((data[0] & 0x80) != 0) {
    open_and_compare(compressor, rest, data[1]);
  } else if ((data[0] & 0x40) != 0) {
    open(mme::test::zipped_body(compressor, data[1] * 16U, rest), rest.size() + (data[0] & 0x20));
  } else {
    open(rest, rest.size() + data[1]);
  }
  return 0;
}

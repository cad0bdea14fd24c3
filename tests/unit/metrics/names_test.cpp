// SPDX-License-Identifier: Apache-2.0
#include "metrics/names.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>

#include "metrics/mongo_errors.h"

namespace mme {
namespace {

std::string text_of(const char* address, uint16_t port) {
  __u64 name[2] = {};
  EXPECT_EQ(inet_pton(AF_INET6, address, name), 1);
  return address_text(name, port);
}

TEST(Address, MappedIsPlain) {
  EXPECT_EQ(text_of("::ffff:10.0.0.5", 8000), "10.0.0.5:8000");
}
TEST(Address, SixInBrackets) {
  EXPECT_EQ(text_of("::1", 80), "[::1]:80");
  EXPECT_EQ(text_of("2001:db8::7", 65535), "[2001:db8::7]:65535");
}

TEST(Enumerations, InAndOutOfRange) {
  EXPECT_EQ(method_name(MME_METHOD_POST), "POST");
  EXPECT_EQ(method_name(MME_METHOD_PRI), "PRI");
  EXPECT_EQ(method_name(200), "EXTENSION_METHOD");
  EXPECT_EQ(http_protocol_name(MME_HTTP_GRPC_WEB), "grpc-web");
  EXPECT_EQ(http_protocol_name(200), "http");
  EXPECT_EQ(mongo_command_name(0), "other");
  EXPECT_EQ(mongo_command_name(2), "find");
  EXPECT_EQ(mongo_command_name(60000), "other");
  EXPECT_EQ(skip_name(MME_SKIP_CONNECTION_CAP), "connection_cap");
  EXPECT_EQ(skip_name(MME_SKIP_INTERNAL), "internal");
  EXPECT_EQ(skip_name(999), "internal");
}

TEST(MongoError, ClosedSet) {
  EXPECT_EQ(mongo_error_name(11000), "DuplicateKey");
  EXPECT_EQ(mongo_error_name(1), "InternalError");
  EXPECT_EQ(mongo_error_name(46841), "ClientMarkedKilled");
  EXPECT_EQ(mongo_error_name(0), "other");
  EXPECT_EQ(mongo_error_name(-1), "other");
  EXPECT_EQ(mongo_error_name(99999999), "other");
}

TEST(Label, KeepsValidText) {
  EXPECT_EQ(label_text("memories", false), "memories");
  EXPECT_EQ(label_text("", false), "");
  EXPECT_EQ(label_text("größe\n\"\\", false), "größe\n\"\\");
}

TEST(Label, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(label_text("a\xff"
                       "b",
                       false),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(label_text(std::string_view("a\0b", 3), false),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(label_text("\xc3", false), "\xef\xbf\xbd");
  EXPECT_EQ(label_text("\xed\xa0\x80", false), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
}

TEST(Label, DropsHalfACharacterWhereTheNameWasCut) {
  EXPECT_EQ(label_text("abc\xe2\x82", true), "abc");
  EXPECT_EQ(label_text("abc\xf0", true), "abc");
  EXPECT_EQ(label_text("abc\xe2\x82\xac", true), "abc€");
  EXPECT_EQ(label_text("abc\xff", true), "abc\xef\xbf\xbd");
}

TEST(Label, EndsOnACharacterBorder) {
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += "€";
  const std::string label = label_text(euros, false);
  EXPECT_EQ(label.size(), 126U);
  EXPECT_EQ(label_text(std::string(500, '\xff'), true).size(), 126U);
  EXPECT_EQ(label_text(std::string(500, 'x'), true).size(), 128U);
}

TEST(Path, KeepsItsEnd) {
  EXPECT_EQ(path_label("/system.slice/a.service"), "/system.slice/a.service");
  EXPECT_EQ(path_label("/\xff"), "/\xef\xbf\xbd");
  const std::string path = path_label("/kubepods.slice/" + std::string(200, 'x') + "/cri-1234.scope");
  EXPECT_EQ(path.size(), 128U);
  EXPECT_TRUE(path.starts_with("...xxx"));
  EXPECT_TRUE(path.ends_with("/cri-1234.scope"));
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += "€";
  EXPECT_EQ(path_label(euros).size(), 126U);  // on a character border
}

}  // namespace
}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "mongo/uri.h"

#include <gtest/gtest.h>

namespace mme::mongo {
namespace {

std::string error_of(const std::string& text) {
  const auto uri = Uri::parse(text);
  return uri ? "" : uri.error().message;
}

TEST(Uri, Address) {
  const auto address = [](const char* text) { return Uri::parse(text).value().address(); };
  EXPECT_EQ(address("mongodb://127.0.0.1"), "127.0.0.1:27017");
  EXPECT_EQ(address("mongodb://u:p@db.example:1234/?authSource=admin"), "db.example:1234");
  EXPECT_EQ(address("mongodb://[::1]:1234/"), "[::1]:1234");
  EXPECT_EQ(address("mongodb://%2Ftmp%2Fmongodb-27017.sock"), "/tmp/mongodb-27017.sock");
}

TEST(Uri, OptionsThatWork) {
  for (const char* options :
       {"tls=true&tlsCAFile=/etc/ca.pem&tlsCertificateKeyFile=/etc/a.pem&tlsCertificateKeyFilePassword=x", "ssl=true",
        "replicaSet=rs0", "directConnection=true", "authMechanism=SCRAM-SHA-256&authSource=admin", "appName=other",
        "connectTimeoutMS=100&socketTimeoutMS=100", "readPreference=secondary", "compressors=zlib",
        "tlsInsecure=true"}) {
    EXPECT_EQ(error_of(std::string("mongodb://user:password@127.0.0.1/?") + options), "");
  }
}

TEST(Uri, ACertificateInsteadOfAPassword) {
  EXPECT_EQ(error_of("mongodb://127.0.0.1/?authMechanism=MONGODB-X509&authSource=$external&tls=true"), "");
}

TEST(Uri, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("127.0.0.1:27017"), "the URI does not begin with mongodb://");
  EXPECT_EQ(error_of("mongodb+srv://db.example"),
            "mongodb+srv:// stands for a cluster; name this mongod by mongodb://HOST:PORT");
  EXPECT_EQ(error_of("mongodb://a,b"), "the URI names several hosts; name only that of this mongod");
  EXPECT_EQ(error_of("mongodb://a/?tls=true&slow=1"), "option 2 of the URI is unknown");
  EXPECT_NE(error_of("mongodb://a/?tls=maybe"), "");
  EXPECT_NE(error_of("mongodb://a/?connectTimeoutMS=soon"), "");
  EXPECT_NE(error_of("mongodb://"), "");
  EXPECT_NE(error_of("mongodb://a:99999"), "");
  EXPECT_NE(error_of("mongodb://a/?directConnection=false&loadBalanced=true"), "");
}

TEST(Uri, ErrorsHaveNoCredentials) {
  for (const char* text :
       {"mongodb://planted:secret@a:99999", "mongodb://planted:sec/ret@a", "mongodb://planted:sec?ret=1&planted@a",
        "mongodb://planted:secret@a/?secret=planted", "mongodb://planted:secret@a,b", "planted:secret@a",
        "mongodb+srv://planted:secret@a", "mongodb://planted:%zzsecret@a", "mongodb://planted:secret@a/?tls=secret",
        "mongodb://planted:secret@", "mongodb://a/?tlsCertificateKeyFilePassword=secret&x=planted",
        "mongodb://planted:se@cret@a", "mongodb://a/?authMechanism=secret"}) {
    const std::string error = error_of(text);
    EXPECT_EQ(error.find("secret"), std::string::npos) << error;
    EXPECT_EQ(error.find("planted"), std::string::npos) << error;
    EXPECT_EQ(error.find("ret@"), std::string::npos) << error;
  }
}

TEST(Uri, WithoutCredentials) {
  const Uri uri = Uri::parse("mongodb://planted:se%40cret@a/?tls=true&tlsCertificateKeyFilePassword=key").value();
  EXPECT_EQ(uri.without_credentials("planted says se@cret, se@cret and key"), "… says …, … and …");
  EXPECT_EQ(Uri::parse("mongodb://a").value().without_credentials("as it is"), "as it is");
}

}  // namespace
}  // namespace mme::mongo

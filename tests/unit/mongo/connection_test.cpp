// SPDX-License-Identifier: Apache-2.0
#include "mongo/connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>

#include "base/unique_fd.h"
#include "mongo/driver.h"

namespace mme::mongo {
namespace {

// A port of 127.0.0.1 that takes connections, and answers nothing, or refuses them.
class Port {
 public:
  explicit Port(bool listening) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (listening) {
      EXPECT_EQ(::listen(fd_.get(), 8), 0);
    }
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] Uri uri() const {
    return Uri::parse("mongodb://planted:secret@127.0.0.1:" + std::to_string(port_) + "/").value();
  }

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
};

TEST(Connection, Refused) {
  const Port port(false);
  Connection connection(port.uri());
  for (int i = 0; i < 2; ++i) {  // the second one is not put off
    const auto answer = connection.ask();
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(to_string(answer.error()), "connection refused (start mongod, or correct host and port of the URI)");
  }
}

TEST(Connection, NoAnswer) {
  const Port port(true);
  Connection connection(port.uri());
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = connection.ask();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3 * kAnswerWithin);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error(), too_late());
}

TEST(Connection, UnknownHost) {
  const auto answer = Connection(Uri::parse("mongodb://planted:secret@host.invalid/").value()).ask();
  ASSERT_FALSE(answer.has_value());
  const std::string text = to_string(answer.error());
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

}  // namespace
}  // namespace mme::mongo

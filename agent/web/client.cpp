// SPDX-License-Identifier: Apache-2.0
#include "web/client.h"

#include <httplib.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/unique_fd.h"
#include "web/numeric_address.h"

namespace mme {
namespace {

constexpr int kSeconds = 5;

// httplib says only that it could not connect; this finds out why. 0: now it can.
int connect_errno(const std::string& host, uint16_t port) {
  const AddressInfo found = numeric_address(host, port);
  if (!found) return EADDRNOTAVAIL;
  const UniqueFd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno;
  const timeval timeout{.tv_sec = kSeconds, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0) return 0;
  return errno == EINPROGRESS ? ETIMEDOUT : errno;  // as connect(2) says of a time limit
}

tl::unexpected<Error> cannot_ask(const std::string& host, uint16_t port, httplib::Error error) {
  const std::string what = "ask the agent at " + host_and_port(host, port);
  const bool timed_out = error == httplib::Error::ConnectionTimeout;
  if (error != httplib::Error::Connection && !timed_out) {
    return fail(what + ": " + httplib::to_string(error) + " (does another program listen there?)");
  }
  const int why = timed_out ? ETIMEDOUT : connect_errno(host, port);
  return fail_errno(what, why == 0 ? EAGAIN : why,
                    "start it with `mme-agent run`, or name the address of the one that runs with --address");
}

}  // namespace

Result<std::string> http_get(const std::string& host, uint16_t port, const std::string& path) {
  constexpr size_t kBytesMax = 64U << 20U;
  httplib::Client client(host, port);
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  std::string body;
  const httplib::Result response = client.Get(path, [&body](const char* data, size_t size) {
    body.append(data, size);
    return body.size() <= kBytesMax;
  });
  if (!response) return cannot_ask(host, port, response.error());
  if (response->status != 200) {
    return fail("ask the agent at " + host_and_port(host, port) + " for " + path + ": HTTP status " +
                std::to_string(response->status) + (body.empty() ? "" : ": " + body.substr(0, body.find('\n'))));
  }
  return body;
}

}  // namespace mme

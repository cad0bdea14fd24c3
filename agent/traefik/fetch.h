// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace mme::traefik {

// A server that is asked over HTTP/1.
struct Endpoint {
  std::string host;  // an address, no name that would have to be looked up, but "localhost"
  uint16_t port = 80;
  std::string unix_socket;  // instead of host and port
  std::string netns;        // "/proc/123/ns/net": the network namespace to ask in; empty: the agent's own

  bool operator==(const Endpoint&) const = default;
};

// "http://127.0.0.1:9000", "unix:///var/run/docker.sock", "tcp://10.0.0.5:2375". An error says what is wrong with it.
[[nodiscard]] tl::expected<Endpoint, std::string> parse_endpoint(const std::string& url);

// The reverse; of TCP "http://127.0.0.1:9000".
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

struct Answer {
  int status = 0;
  std::string body;
};

inline constexpr size_t kAnswerBytesMax = 64 << 20;

// GET. Connecting and each wait for bytes have three seconds; a body of which some comes later than three seconds after
// the call is given up. An error is a sentence with its errno or the client library's word, and how to mend it. The
// calling thread changes its network namespace for the time of the call, so it must be one that does nothing else.
[[nodiscard]] tl::expected<Answer, std::string> fetch(const Endpoint& endpoint, const std::string& path);

}  // namespace mme::traefik

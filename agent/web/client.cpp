// SPDX-License-Identifier: Apache-2.0
#include "web/client.h"

#include <httplib.h>

namespace mme {

Result<std::string> http_get(const std::string& host, uint16_t port, const std::string& path) {
  constexpr int kSeconds = 5;
  constexpr size_t kBytesMax = 64U << 20U;
  const bool v6 = host.find(':') != std::string::npos;
  const std::string address = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);

  httplib::Client client(host, port);
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  std::string body;
  const httplib::Result response = client.Get(path, [&body](const char* data, size_t size) {
    body.append(data, size);
    return body.size() <= kBytesMax;
  });
  if (!response) {
    const bool refused = response.error() == httplib::Error::Connection;
    return fail(
        "ask the agent at " + address + ": " +
        (refused ? "no connection (is it running? start it with `mme-agent run`, or name its address with --address)"
                 : httplib::to_string(response.error()) + " (does another program listen there?)"));
  }
  if (response->status != 200) {
    return fail("ask the agent at " + address + " for " + path + ": HTTP status " + std::to_string(response->status) +
                (body.empty() ? "" : ": " + body.substr(0, body.find('\n'))));
  }
  return body;
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/exposition.h"

namespace mme {

// What the pages are made of. Called from several threads at once.
struct WebPages {
  std::function<Result<TextSource>(Subset)> metrics;   // an error is answered with 500
  std::function<std::vector<std::string>()> problems;  // empty: ready
  std::function<Result<std::string>()> status_json;
};

// Whether a server could listen there; for those who want to know it before their other work. The error is start()'s.
[[nodiscard]] Result<> can_listen(const std::string& host, uint16_t port);

// The HTTP server: `/`, `/metrics`, `/metrics/traefik`, `/metrics/mongodb`, `/-/healthy`, `/-/ready`, `/api/v1/status`.
// A few threads, a short queue, one request a connection; a client has kRequestSeconds to send its request and as long
// to take the answer. Destruction ends the connections and joins the threads.
class WebServer {
 public:
  // Listens when it returns. The error has address, errno and the mend. Port 0: any free one.
  [[nodiscard]] static Result<std::unique_ptr<WebServer>> start(const std::string& host, uint16_t port, WebPages pages);
  ~WebServer();

  [[nodiscard]] uint16_t port() const;

 private:
  struct Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mme

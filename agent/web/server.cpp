// SPDX-License-Identifier: Apache-2.0
#include "web/server.h"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "base/unique_fd.h"
#include "web/http_server.h"
#include "web/numeric_address.h"

namespace mme {
namespace {

constexpr size_t kThreads = 4;
constexpr size_t kQueue = 16;
constexpr int kBacklog = 64;
constexpr const char* kPlainText = "text/plain; charset=utf-8";

constexpr const char* kHomePage = R"(<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>mme-agent</title></head>
<body>
<h1>mme-agent</h1>
<p>HTTP and MongoDB latency from the kernel.</p>
<ul>
<li><a href="metrics">/metrics</a>: all families</li>
<li><a href="metrics/traefik">/metrics/traefik</a>: for the scrape job <code>traefik</code></li>
<li><a href="metrics/mongodb">/metrics/mongodb</a>: for the scrape job <code>mongodb</code></li>
<li><a href="api/v1/status">/api/v1/status</a>: targets, rates, percentiles, skips (JSON)</li>
<li><a href="-/ready">/-/ready</a>, <a href="-/healthy">/-/healthy</a></li>
</ul>
</body>
</html>
)";

void answer(httplib::Response& response, const std::string& body, const char* type) {
  response.set_content(body, type);
}

void answer(httplib::Response& response, const Error& error) {
  response.status = 500;
  answer(response, error.message + "\n", kPlainText);
}

// In chunks while it is made, for it may have megabytes. HTTP/1.0 knows no chunks.
void answer(const httplib::Request& request, httplib::Response& response, TextSource text, const char* type) {
  if (request.version == "HTTP/1.0") return answer(response, whole(text), type);
  response.set_chunked_content_provider(type, [text = std::move(text)](size_t, httplib::DataSink& sink) {
    const bool sent = text([&sink](std::string_view piece) { return sink.write(piece.data(), piece.size()); });
    if (sent) sink.done();
    return sent;
  });
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// SO_REUSEPORT, httplib's default, would let two agents share one port in silence.
void socket_options(socket_t socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

// httplib says only that it could not listen; this finds out why. 0: now it can.
int listen_errno(const std::string& host, uint16_t port) {
  const AddressInfo found = numeric_address(host, port);
  if (!found) return EADDRNOTAVAIL;
  const UniqueFd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno;
  socket_options(socket.get());
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return errno;
  return ::listen(socket.get(), 1) == 0 ? 0 : errno;
}

tl::unexpected<Error> cannot_listen(const std::string& host, uint16_t port, int why) {
  const std::string mend = why == EADDRINUSE ? "stop what listens there (`ss -ltnp`) or choose another address with "
                                               "--web.listen-address or web.listen"
                           : why == EACCES   ? "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one"
                                             : "choose an address of this host with --web.listen-address or web.listen";
  return fail_errno("listen on " + host_and_port(host, port), why, mend);
}

tl::unexpected<Error> cannot_listen(const std::string& host, uint16_t port) {
  const int why = listen_errno(host, port);
  return cannot_listen(host, port, why == 0 ? EADDRINUSE : why);
}

}  // namespace

Result<> can_listen(const std::string& host, uint16_t port) {
  if (const int why = listen_errno(host, port); why != 0) return cannot_listen(host, port, why);
  return {};
}

struct WebServer::Impl {
  HttpServer server;
  WebPages pages;
  uint16_t port = 0;
  int socket = -1;  // the server owns it
  std::atomic<bool> ended = false;
  std::thread thread;

  void routes();
};

void WebServer::Impl::routes() {
  const auto metrics = [this](const char* path, Subset subset) {
    server.Get(path, [this, subset](const httplib::Request& request, httplib::Response& response) {
      auto text = pages.metrics(subset);
      if (!text) return answer(response, text.error());
      answer(request, response, std::move(*text), kExpositionType);
    });
  };
  metrics("/metrics", Subset::all);
  metrics("/metrics/traefik", Subset::traefik);
  metrics("/metrics/mongodb", Subset::mongodb);
  server.Get("/api/v1/status", [this](const httplib::Request&, httplib::Response& response) {
    const auto status = pages.status_json();
    if (!status) return answer(response, status.error());
    answer(response, *status, "application/json");
  });
  server.Get("/-/healthy", [](const httplib::Request&, httplib::Response& response) {
    answer(response, std::string("healthy\n"), kPlainText);
  });
  server.Get("/-/ready", [this](const httplib::Request&, httplib::Response& response) {
    const std::vector<std::string> problems = pages.problems();
    response.status = problems.empty() ? 200 : 503;
    answer(response, problems.empty() ? std::string("ready\n") : joined(problems), kPlainText);
  });
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    answer(response, std::string(kHomePage), "text/html; charset=utf-8");
  });
}

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<WebServer>> WebServer::start(const std::string& host, uint16_t port, WebPages pages) {
  auto impl = std::make_unique<Impl>();
  impl->pages = std::move(pages);
  impl->routes();
  HttpServer& server = impl->server;
  server.set_socket_options([&listening = impl->socket](socket_t socket) {
    socket_options(socket);
    listening = socket;
  });
  server.set_payload_max_length(1024);
  server.new_task_queue = [] { return new BoundedQueue(kThreads, kQueue); };  // httplib deletes it

  if (port == 0) {
    const int chosen = server.bind_to_any_port(host);
    if (chosen <= 0) return cannot_listen(host, port);
    impl->port = static_cast<uint16_t>(chosen);
  } else {
    if (!server.bind_to_port(host, port)) return cannot_listen(host, port);
    impl->port = port;
  }
  ::listen(impl->socket, kBacklog);  // httplib takes 5, and a sixth waits a second for its second SYN
  impl->thread = std::thread([&listening = *impl] {
    listening.server.listen_after_bind();
    listening.ended = true;
  });
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

WebServer::~WebServer() {
  // stop() does nothing until the thread has begun to listen.
  while (!impl_->server.is_running() && !impl_->ended) std::this_thread::yield();
  impl_->server.end_connections();
  impl_->server.stop();
  impl_->thread.join();
}

uint16_t WebServer::port() const {
  return impl_->port;
}

}  // namespace mme

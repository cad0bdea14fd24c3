// SPDX-License-Identifier: Apache-2.0
#include "traefik/fetch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace mme::traefik {
namespace {

constexpr std::chrono::seconds kTimeLimit{3};

std::string errno_text(const std::string& what, int error_number, const std::string& mend) {
  return fail_errno(what, error_number, mend).value().message;
}

// Another network namespace for this thread, and the way back.
class InNamespace {
 public:
  // An error: it could not be entered, and nothing has changed.
  tl::expected<void, std::string> enter(const std::string& path) {
    if (path.empty()) return {};
    struct stat own {};
    struct stat other {};
    if (::stat("/proc/thread-self/ns/net", &own) != 0 || ::stat(path.c_str(), &other) != 0) {
      return tl::make_unexpected(errno_text("look at the network namespace " + path, errno, ""));
    }
    if (own.st_ino == other.st_ino && own.st_dev == other.st_dev) return {};
    before_.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    const UniqueFd wanted(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!before_.valid() || !wanted.valid() || ::setns(wanted.get(), CLONE_NEWNET) != 0) {
      const int error_number = errno;
      before_.reset();
      return tl::make_unexpected(errno_text("enter the network namespace " + path, error_number,
                                            "the agent needs CAP_SYS_ADMIN to ask a server in a container"));
    }
    return {};
  }
  InNamespace() = default;
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;
  ~InNamespace() {
    if (before_.valid()) (void)::setns(before_.get(), CLONE_NEWNET);
  }

 private:
  UniqueFd before_;
};

// httplib only says that it could not connect. 0: now it can.
int connect_errno(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  path.copy(address.sun_path, path.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno;
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  if (!endpoint.unix_socket.empty()) return "unix://" + endpoint.unix_socket;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}", v6 ? "[" + endpoint.host + "]" : endpoint.host, endpoint.port);
}

tl::expected<Endpoint, std::string> parse_endpoint(const std::string& url) {
  std::string_view rest = url;
  Endpoint endpoint;
  if (rest.starts_with("unix://")) {
    endpoint.unix_socket = rest.substr(7);
    if (!endpoint.unix_socket.starts_with('/')) return tl::make_unexpected("\"" + url + "\" has no absolute path");
    return endpoint;
  }
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("tcp://")) {
    rest.remove_prefix(6);
  } else {
    return tl::make_unexpected("\"" + url + "\" begins with none of http://, tcp:// and unix://");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  std::string_view host = has_port ? rest.substr(0, colon) : rest;
  if (has_port) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) {
      return tl::make_unexpected("\"" + url + "\" has no port from 1 to 65535");
    }
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) {
    return tl::make_unexpected("\"" + url + "\" is not http://HOST:PORT");
  }
  endpoint.host = host == "localhost" ? "127.0.0.1" : host;
  return endpoint;
}

tl::expected<Answer, std::string> fetch(const Endpoint& endpoint, const std::string& path) {
  const std::string what = fmt::format("ask {} for {}", to_string(endpoint), path);
  InNamespace there;
  if (const auto entered = there.enter(endpoint.netns); !entered) return tl::make_unexpected(entered.error());

  const bool local = !endpoint.unix_socket.empty();
  httplib::Client client(local ? endpoint.unix_socket : endpoint.host, local ? 80 : endpoint.port);
  if (local) client.set_address_family(AF_UNIX);
  client.set_connection_timeout(kTimeLimit);
  client.set_read_timeout(kTimeLimit);
  client.set_write_timeout(kTimeLimit);
  client.set_follow_location(false);
  httplib::Headers headers;
  if (local) headers.emplace("Host", "localhost");  // a path is none, and Docker refuses it

  Answer answer;
  const auto deadline = std::chrono::steady_clock::now() + kTimeLimit;
  const auto take = [&](const char* data, size_t size) {
    answer.body.append(data, size);
    return answer.body.size() <= kAnswerBytesMax && std::chrono::steady_clock::now() < deadline;
  };
  const auto result = client.Get(path, headers, take);
  if (result) {
    answer.status = result->status;
    return answer;
  }
  if (answer.body.size() > kAnswerBytesMax) {
    return tl::make_unexpected(fmt::format("{}: the answer has more than {} bytes", what, kAnswerBytesMax));
  }
  if (local && result.error() == httplib::Error::Connection) {
    const int why = connect_errno(endpoint.unix_socket);
    if (why != 0) return tl::make_unexpected(errno_text(what, why, "may the agent's user open the socket?"));
  }
  return tl::make_unexpected(fmt::format("{}: {}", what, httplib::to_string(result.error())));
}

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "discovery/target.h"

namespace mme {

// An address to listen on. `host` is an IPv4 or IPv6 address without brackets.
struct ListenAddress {
  std::string host = "127.0.0.1";
  uint16_t port = 9477;

  bool operator==(const ListenAddress&) const = default;
};

// How a target names its processes.
struct ByProcess {
  std::string name;  // "traefik": name of the executable, no path
  bool operator==(const ByProcess&) const = default;
};
struct ByPid {
  pid_t pid = 0;  // in the agent's PID namespace
  bool operator==(const ByPid&) const = default;
};
struct ByCgroup {
  std::string path;  // below the cgroup v2 mount: "/system.slice/traefik.service"; those below it are meant too
  bool operator==(const ByCgroup&) const = default;
};
using TargetSelector = std::variant<ByProcess, ByPid, ByCgroup>;

// Where the URI of a mongod stands. The URI has credentials: it is in no message, log, status or metric.
struct UriSource {
  std::string file;  // exactly one of file and env is not empty
  std::string env;   // name of a variable of the agent's environment
  std::string text;  // the URI itself; empty until it was read (daemon/uris.h)
  int line = 0;      // of the key, for errors
  int column = 0;
  std::string key;  // "targets.mongod[0].uri_file"

  bool operator==(const UriSource& other) const { return file == other.file && env == other.env && text == other.text; }
};

// One entry of targets.traefik or targets.mongod. No two entries have the same selector or the same name.
struct TargetConfig {
  TargetKind kind = TargetKind::traefik;
  std::string name;  // empty: discovery chooses
  TargetSelector selector;
  std::vector<uint16_t> ports;  // ascending; empty: every port on which the process listens
  // traefik only
  std::map<std::string, uint16_t> entrypoints = {};               // label of a port; empty: resolved
  std::map<std::string, std::vector<std::string>> services = {};  // servers of a service, "10.0.0.5:8000" or a URL
  std::string api = {};                                           // "http://127.0.0.1:9000"; empty: resolved
  // mongod only
  std::optional<UriSource> uri = {};  // where it is asked for its serverStatus; none: it is not

  bool operator==(const TargetConfig&) const = default;
};

// Requests that are counted under a name of the operator's. No two have the same name.
struct RouteConfig {
  std::string name;     // the label `route`
  std::string method;   // empty: any
  std::string path;     // begins with '/'; a segment "{id}" stands for any one
  bool prefix = false;  // `path` is the beginning of one, without "{id}"

  bool operator==(const RouteConfig&) const = default;
};

// Whether families in Traefik's own names are served.
enum class CompatTraefik : uint8_t { automatic, on, off };  // automatic: unless Traefik serves them itself

// The bounds which Traefik's users rely on; always among Config::histogram_bounds_s.
inline constexpr double kRequiredBounds[] = {0.1, 0.3, 1.2, 5.0};

inline constexpr size_t kRoutesMax = 100;

inline constexpr std::string_view kOverrideOfCommand = "command:";

// Which MongoDB commands are slow, and where they are written.
struct SlowConfig {
  std::chrono::nanoseconds threshold = std::chrono::milliseconds(100);  // 0: every command
  // By DATABASE, DATABASE.COLLECTION, DATABASE.COLLECTION:COMMAND and command:COMMAND; config/slow_threshold.h
  std::map<std::string, std::chrono::nanoseconds, std::less<>> overrides;
  std::string file;  // absolute; empty: none is written
  uint64_t max_bytes = 10U << 20U;
  uint32_t files = 3;     // old ones that are kept beside it
  bool literals = false;  // whether what commands ask with is written too

  bool operator==(const SlowConfig&) const = default;
};

// All settings; default-constructed it is what the agent does without a file.
struct Config {
  ListenAddress listen;
  std::vector<TargetConfig> targets = {
      {.kind = TargetKind::traefik, .name = {}, .selector = ByProcess{"traefik"}, .ports = {}},
      {.kind = TargetKind::mongod, .name = {}, .selector = ByProcess{"mongod"}, .ports = {}}};
  std::vector<RouteConfig> routes = {{.name = "promote", .method = "POST", .path = "/promote"}};  // at most kRoutesMax
  CompatTraefik compat_traefik = CompatTraefik::automatic;
  // Seconds, ascending, kRequiredBounds included, at most MME_BOUNDS_MAX.
  std::vector<double> histogram_bounds_s = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                            0.3,   0.5,  0.75,  1.2,  2.5,   5.0, 10};
  uint32_t series_per_family = 2000;
  uint32_t connections = 50000;
  SlowConfig slow;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::logfmt;

  bool operator==(const Config&) const = default;
};

// One thing that is wrong with a file.
struct ConfigError {
  std::string file;
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  std::string key;      // "targets.traefik[0].pid"; empty: not about a key
  std::string problem;  // "0 is out of range"
  std::string mend;     // "expected a whole number from 1 to 4194304", "did you mean listen?"; may be empty

  bool operator==(const ConfigError&) const = default;
};
using ConfigErrors = std::vector<ConfigError>;

// "agent.yaml:3:5: targets.traefik[0].pid: 0 is out of range; expected a whole number from 1 to 4194304"
[[nodiscard]] std::string to_string(const ConfigError& error);
[[nodiscard]] std::string to_string(const ConfigErrors& errors);  // one a line, no newline at the end

inline constexpr size_t kConfigBytesMax = 1 << 20;

// YAML text → Config, or everything that is wrong with it in the order of the file. Pure; throws nothing. An empty
// text is the default Config. `file` only appears in the errors.
[[nodiscard]] tl::expected<Config, ConfigErrors> parse_config(std::string_view text, const std::string& file);

// The same of a file; one error with errno when it cannot be read or has more than kConfigBytesMax bytes.
[[nodiscard]] tl::expected<Config, ConfigErrors> load_config(const std::string& path);

// A regular file of at most kConfigBytesMax bytes and one: who reads it refuses those that have that one. The error
// says only why: "cannot be opened: ENOENT (No such file or directory)".
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);

// "127.0.0.1:9477", "[::1]:9477", "localhost:9477" (127.0.0.1), ":9477" (0.0.0.0): also for --web.listen-address.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

// "127.0.0.1:9477", "[::1]:9477"
[[nodiscard]] std::string to_string(const ListenAddress& address);

// Keys whose values differ, as they are written in the file ("log.level", "targets").
struct ConfigDifference {
  std::vector<std::string> reloadable;  // take effect at once: targets, routes, compat.*, slow, log.*
  std::vector<std::string> restart;     // need a new process: web.listen, histogram.bounds, limits.*

  [[nodiscard]] bool empty() const { return reloadable.empty() && restart.empty(); }
};
[[nodiscard]] ConfigDifference compare(const Config& running, const Config& wanted);

// What runs after a reload: `wanted`, with the values of `running` where a change needs a restart.
[[nodiscard]] Config reloaded(const Config& running, const Config& wanted);

}  // namespace mme

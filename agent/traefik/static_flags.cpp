// SPDX-License-Identifier: Apache-2.0
#include "traefik/static_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "traefik/ascii.h"

namespace mme::traefik {
namespace {

// The last parts of flags that are true without a value: every bool and every block that may stand alone in Traefik
// 3.6's docs/content/reference/static-configuration/cli-ref.md.
constexpr std::string_view kSwitches = R"(
abortonpluginfailure accesslog accesslogs addentrypointslabels addinternals addrouterslabels addserviceslabels
allowacmebypass allowcrossnamespace allowemptyservices allowexternalnameservices api asdefault autodiscoverclusters
cache casystemcertpool checknewversion cnameflattening compress connectaware connectbydefault consul consulcatalog
dashboard datadog debug debugloggeneratedtemplate disableanschecks disablechecks disableclusterscoperesources
disablecommonname disabledashboardad disableingressclasslookup disablepropagationcheck disablesvcexternalname
dnschallenge docker ecs ecsanywhere encodequerysemicolons etcd experimentalchannel exposedbydefault fastproxy grpc
healthytasksonly hostresolver http http3 httpchallenge influxdb2 ingressclassbyname insecure insecureskipverify
kubernetescrd kubernetesgateway kubernetesingress kubernetesingressnginx latencystrategy log manualrouting metrics
nativelbbydefault nocolor nomad ocsp otlp otlplogs permanent ping prometheus propagation proxyprotocol randomstrategy
redis replicastrategy requireallrns requireconsistent rest retryattempts reuseport sanitizepath sendanonymoususage
spiffe stale statsd strictprefixmatching swarm tailscale tls tlschallenge tracing usebindportip
usedisconnectedreplicas useunsafe watch watchingresswithoutclass zookeeper
)";

// Flags that may be given several times; of others the last one counts.
constexpr std::array<std::string_view, 4> kRepeated = {"middlewares", "trustedips", "connection", "buckets"};

std::string_view last_part(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

const std::set<std::string_view>& switches() {
  static const std::set<std::string_view> kWords = [] {
    std::set<std::string_view> words;
    for (std::string_view rest = kSwitches.substr(1); !rest.empty();) {
      const size_t end = rest.find_first_of(" \n");
      words.insert(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return words;
  }();
  return kWords;
}

bool is_repeated(std::string_view name) {
  return std::any_of(kRepeated.begin(), kRepeated.end(), [&](std::string_view one) { return equal_fold(name, one); });
}

// Traefik looks a flag below a map up by an expression that is not anchored, so that everything below an entrypoint is
// taken for the entrypoint itself: without "=" such a flag is true, and what follows ends the flags.
bool is_switch(std::string_view name) {
  const std::string lowered = lower(name);
  return lowered.starts_with("entrypoints.") || lowered.starts_with("certificatesresolvers.") ||
         switches().contains(last_part(lowered));
}

}  // namespace

std::map<std::string, std::string> read_flags(const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> flags;
  std::map<std::string, std::string> spelling;  // lower case → as written first
  for (size_t i = 0; i < arguments.size(); i++) {
    std::string_view name = arguments[i];
    if (name.size() < 2 || name[0] != '-' || name == "--") break;
    name.remove_prefix(name[1] == '-' ? 2 : 1);
    std::string value = "true";
    if (const size_t equals = name.find('=', 1); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    } else if (!is_switch(name)) {
      if (i + 1 >= arguments.size()) break;
      value = arguments[++i];
    }
    const std::string& key = spelling.try_emplace(lower(name), fmt::format("traefik.{}", name)).first->second;
    const auto [entry, added] = flags.try_emplace(key, value);
    if (added) continue;
    entry->second = is_repeated(last_part(name)) ? fmt::format("{},{}", entry->second, value) : value;
  }
  return flags;
}

}  // namespace mme::traefik

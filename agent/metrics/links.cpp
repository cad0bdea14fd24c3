// SPDX-License-Identifier: Apache-2.0
#include "metrics/links.h"

#include <numeric>
#include <utility>

#include "metrics/names.h"

namespace mme {
namespace {

std::string_view role_name(uint8_t role) {
  if (role == MME_ROLE_MONGOD) return "mongod";
  return role == MME_ROLE_UPSTREAM ? "upstream" : "entrypoint";
}

std::string_view abort_name(size_t abort) {
  return abort == MME_ABORT_BEFORE_REPLY ? "before_reply" : "in_reply";
}

void add(NetworkTimes& to, const uint32_t (&counts)[MME_NETWORK_BOUNDS + 1], uint64_t sum_us) {
  for (size_t i = 0; i < to.counts.size(); ++i) to.counts.at(i) += counts[i];
  to.sum_us += sum_us;
}

void add_server(Links::Server& server, const mme_link& link, bool current) {
  add(server.connects, link.connects, link.connect_us);
  for (size_t i = 0; i < server.failures.size(); ++i) server.failures.at(i) += link.failures[i];
  if (!current) return;
  server.current = true;
  server.last_failed = server.last_failed || link.last_failed != 0;
}

}  // namespace

LinkNames link_names(const ResolveContext& context, const mme_link_key& key) {
  if (key.role == MME_ROLE_MONGOD) return {};
  if (key.target == 0) return {std::string(kOther), key.role == MME_ROLE_UPSTREAM ? std::string(kOther) : ""};
  mme_series_key series{};
  series.family = key.role == MME_ROLE_UPSTREAM ? MME_FAMILY_UPSTREAM : MME_FAMILY_ENTRYPOINT;
  series.target = key.target;
  series.port = key.port;
  series.name[0] = key.address[0];
  series.name[1] = key.address[1];
  HttpLabels labels = http_labels(context, series);
  return {std::move(labels.name), std::move(labels.url)};
}

uint64_t NetworkTimes::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

std::vector<ServerUp> servers_up(std::vector<ServerUp> said, const Links& links) {
  std::map<Links::Labels, bool> all;
  for (const ServerUp& server : said) all[{server.service, server.url}] = server.up;
  for (const auto& [labels, server] : links.servers) {
    const bool named = labels.second != "http://" + labels.first && labels.first != kOther;
    if (named && server.current) all.try_emplace(labels, !server.last_failed);
  }
  said.clear();
  for (const auto& [labels, up] : all) said.push_back({labels.first, labels.second, up});
  return said;
}

Links resolve_links(const std::vector<RawLink>& raw, const ResolveContext& context) {
  Links links;
  for (const auto& [key, link, settled] : raw) {
    const std::string role(role_name(key.role));
    const bool rest = key.target == 0;
    auto& connections = links.by_role[{role, rest ? std::string(kOther) : target_label(context, key.target)}];
    add(connections.rtts, link.rtts, link.rtt_us);
    connections.retransmits += link.retransmits;
    if (key.role == MME_ROLE_MONGOD) continue;
    for (size_t i = 0; i < MME_ABORTS; ++i) links.aborted[{role, std::string(abort_name(i))}] += link.aborted[i];
    if (key.role != MME_ROLE_UPSTREAM) continue;
    add_server(links.servers[settled ? *settled : link_names(context, key)], link, !settled);
  }
  return links;
}

}  // namespace mme

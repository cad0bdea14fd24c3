// SPDX-License-Identifier: Apache-2.0
#include "metrics/links.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/raw_bytes.h"
#include "metrics/kernel_snapshot.h"
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
  to.sum_ns += sum_us * 1000;
}

void add_server(Links::Server& server, const mme_link& link) {
  add(server.connects, link.connects, link.connect_us);
  for (size_t i = 0; i < server.failures.size(); ++i) server.failures.at(i) += link.failures[i];
}

}  // namespace

bool is_unnamed(const LinkNames& names) {
  return names.first.starts_with(':') || names.second == "http://" + names.first;
}

LinkNames rest_names(uint8_t role) {
  return {std::string(kOther), role == MME_ROLE_UPSTREAM ? std::string(kOther) : ""};
}

LinkNames link_names(const ResolveContext& context, const mme_link_key& key) {
  if (key.role == MME_ROLE_MONGOD) return {};
  if (key.target == 0) return rest_names(key.role);
  mme_series_key series{};
  series.family = key.role == MME_ROLE_UPSTREAM ? MME_FAMILY_UPSTREAM : MME_FAMILY_ENTRYPOINT;
  series.target = key.target;
  series.port = key.port;
  series.name[0] = key.address[0];
  series.name[1] = key.address[1];
  HttpLabels labels = http_labels(context, series);
  return {std::move(labels.name), std::move(labels.url)};
}

std::set<LinkNames> answering_servers(const std::vector<RawSeries>& series, const ResolveContext& context) {
  std::map<std::string, mme_link_key> servers;  // many series are of one, whose names are looked up once
  for (const RawSeries& one : series) {
    if (one.key.family != MME_FAMILY_UPSTREAM || one.key.other != 0 || one.latency.count() == 0) continue;
    mme_link_key key{};
    key.target = one.key.target;
    key.port = one.key.port;
    key.role = MME_ROLE_UPSTREAM;
    std::copy(std::begin(one.key.name), std::end(one.key.name), key.address);
    servers.try_emplace(raw_bytes(key), key);
  }
  std::set<LinkNames> answering;
  for (const auto& [bytes, key] : servers) {
    LinkNames names = link_names(context, key);
    if (!is_unnamed(names)) answering.insert(std::move(names));
  }
  return answering;
}

std::vector<ServerUp> servers_up(std::vector<ServerUp> said, const Links& links, const std::set<LinkNames>& answering) {
  std::map<Links::Labels, bool> all;
  for (const ServerUp& server : said) all[{server.service, server.url}] = server.up;
  for (const auto& [labels, failed] : links.last_failed) {
    if (!is_unnamed(labels) && labels.first != kOther) all.try_emplace(labels, !failed);
  }
  for (const LinkNames& names : answering) all.try_emplace(names, true);
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
    const LinkNames names = link_names(context, key);
    add_server(links.servers[settled ? *settled : names], link);
    if (settled && *settled != rest_names(key.role)) continue;
    const auto [failed, is_first] = links.last_failed.try_emplace(names, link.last_failed != 0);
    if (!is_first) failed->second = failed->second && link.last_failed != 0;
  }
  return links;
}

}  // namespace mme

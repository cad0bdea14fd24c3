// SPDX-License-Identifier: Apache-2.0
#include "metrics/http_labels.h"

#include "metrics/names.h"

namespace mme {
namespace {

const ServerName* server_name(const ResolveContext& context, uint16_t target, const std::string& address) {
  const auto known = context.targets.find(target);
  if (known == context.targets.end()) return nullptr;
  const auto server = known->second.servers->find(address);
  return server == known->second.servers->end() ? nullptr : &server->second;
}

}  // namespace

std::string target_label(const ResolveContext& context, uint16_t target) {
  const auto found = context.targets.find(target);
  return found == context.targets.end() ? std::string(kUnknown) : found->second.name;
}

std::string entrypoint_label(const ResolveContext& context, uint16_t target, uint16_t port) {
  const auto known = context.targets.find(target);
  if (known != context.targets.end()) {
    const auto name = known->second.entrypoints.find(port);
    if (name != known->second.entrypoints.end()) return label_text(name->second, false);
  }
  return ":" + std::to_string(port);
}

const RouteLabels& route_labels(const ResolveContext& context, uint16_t route) {
  static const RouteLabels none;
  static const RouteLabels unknown{.routers = {{std::string(kUnknown), std::string(kUnknown)}}};
  static const RouteLabels other{.routers = {{std::string(kOther), std::string(kOther)}}};
  if (route == MME_ROUTE_NONE) return none;
  if (route == MME_ROUTE_OTHER) return other;
  return route < context.routes->size() ? (*context.routes)[route] : unknown;
}

HttpLabels http_labels(const ResolveContext& context, const mme_series_key& key) {
  if (key.other != 0) {
    const std::string other(kOther);
    const bool upstream = key.family == MME_FAMILY_UPSTREAM;
    return {other, {}, upstream ? other : std::string(), other, other, other, other, other};
  }
  HttpLabels labels;
  labels.code = std::to_string(key.code);
  labels.method = method_name(key.method);
  const bool own = key.family == MME_FAMILY_UPSTREAM && key.route == MME_ROUTE_OWN;
  labels.protocol = own ? kHealthCheck : http_protocol_name(key.variant);
  labels.target = target_label(context, key.target);
  if (key.family == MME_FAMILY_ENTRYPOINT) {
    labels.leg = entrypoint_label(context, key.target, key.port);
    labels.name = labels.leg;
    return labels;
  }
  labels.leg = address_text(key.name, key.port);
  const ServerName* server = server_name(context, key.target, labels.leg);
  labels.name = server == nullptr ? labels.leg : label_text(server->service, false);
  labels.url = server == nullptr ? "http://" + labels.leg : label_text(server->url, false);
  return labels;
}

bool is_unnamed(const HttpLabels& labels) {
  return labels.name == labels.leg && labels.name.find(':') != std::string::npos;
}

}  // namespace mme

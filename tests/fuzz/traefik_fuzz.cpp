// SPDX-License-Identifier: Apache-2.0
// Any bytes as what Traefik's configuration and requests are read from. The first byte says which.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "traefik/api.h"
#include "traefik/docker.h"
#include "traefik/dynamic.h"
#include "traefik/evaluate.h"
#include "traefik/resolve.h"
#include "traefik/routing_table.h"
#include "traefik/static.h"

namespace {

using namespace mme::traefik;

void require(bool condition) {
  if (!condition) std::abort();
}

RequestHead request() {
  RequestHead head;
  head.method = "GET";
  head.target = "/promote?id=1";
  head.headers = {{"Host", "a.test"}};
  head.client_ip = "192.0.2.7";
  return head;
}

void route(Configuration configuration) {
  const RoutingTable table(resolved(merged({std::move(configuration)})));
  const Route found = table.find("web", request());
  require((found.outcome == Route::Outcome::matched) == (!found.router.empty()));
  require(found.outcome != Route::Outcome::unknown || !found.reason.empty());
}

void rule(std::string_view text) {
  const auto parsed = parse_rule(text);
  if (!parsed) {
    require(parsed.error().position <= text.size() + 1 && !parsed.error().problem.empty());
    return;
  }
  const auto view = view_of(request(), {});
  require(view.has_value());
  (void)evaluate(*parsed, *view);
}

// Of a head that was cut, only what is certain: it never decides otherwise than the whole.
void head(std::string_view text) {
  const auto whole = parse_request_head(text);
  if (!whole) return;
  const auto whole_view = view_of(*whole, {});
  if (!whole_view || !whole->headers_complete) return;
  const size_t cut = text.size() / 2;
  const auto part = parse_request_head(text.substr(0, cut));
  if (!part) return;
  const auto part_view = view_of(*part, {});
  if (!part_view) return;
  require(!part_view->path || part_view->path == whole_view->path);
  require(!part_view->query || part_view->query == whole_view->query);
  require(!part_view->host || part_view->host == whole_view->host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(data + 1, data + size);
  const Source source{SourceKind::file, "fuzz", 0};
  switch (data[0] % 8) {
    case 0:
      rule(text);
      break;
    case 1:
      head(text);
      break;
    case 2:
      if (auto made = parse_dynamic(text, FileFormat::yaml, source)) route(std::move(*made));
      break;
    case 3:
      if (auto made = parse_dynamic(text, FileFormat::toml, source)) route(std::move(*made));
      break;
    case 4:
      if (auto made = parse_rawdata(text, source)) route(std::move(*made));
      break;
    case 5:
      if (const auto made = parse_static_file(text, FileFormat::yaml, source)) route(internal_configuration(*made));
      break;
    case 6:
      if (const auto made = parse_static_arguments({text.substr(0, text.find('\n')), "--api.insecure"}, source)) {
        route(internal_configuration(*made));
      }
      break;
    default:
      if (auto made = parse_container(text, source)) {
        made->labels["traefik.http.routers.a.rule"] = text;
        (void)fill_default_rule(text, *made);
        route(docker_configuration({*made, *made}, {}, ""));
      }
  }
  return 0;
}

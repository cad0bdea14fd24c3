// SPDX-License-Identifier: Apache-2.0
// Samples as text, as the corpus writes them: "entrypoint GET 200 http 0/12" (bytes of the bodies),
// "find mme.items ok", "insert mme.items error:11000", "hello admin ok awaited"; with a cursor "find mme.items ok
// batch:2" (documents), "batch:2 open" where there is more, "getMore mme.items ok batch:1 of find", "killCursors c ok
// killed:1".
#pragma once

#include <array>
#include <string>

#include "unit/protocol/host_connection.h"

namespace mme::test {

inline std::string method_name(uint8_t method) {
  static constexpr std::array<const char*, MME_METHODS> names{
      "EXTENSION_METHOD", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  return names.at(method);
}

inline std::string command_name(uint16_t command) {
#define MME_COMMAND_NAME(name) #name,
  static constexpr const char* names[] = {MME_MONGO_COMMANDS(MME_COMMAND_NAME)};
#undef MME_COMMAND_NAME
  return names[command];
}

inline std::string http_text(const mme_sample& sample) {
  static constexpr std::array<const char*, MME_HTTP_PROTOCOLS> protocols{"http", "websocket", "sse", "grpc",
                                                                         "grpc-web"};
  return (sample.key.family == MME_FAMILY_ENTRYPOINT ? "entrypoint " : "upstream ") + method_name(sample.key.method) +
         ' ' + std::to_string(sample.key.code) + ' ' + protocols.at(sample.key.variant) + ' ' +
         std::to_string(sample.request_bytes) + '/' + std::to_string(sample.response_bytes);
}

inline std::string mongo_text(const mme_sample& sample, const HostConnection& names) {
  std::string text = command_name(sample.key.code);
  if (sample.key.name[0]) text += ' ' + names.name(sample.key.name[0]);
  if (sample.key.name[1]) text += '.' + names.name(sample.key.name[1]);
  text += sample.key.variant == MME_OUTCOME_OK ? " ok" : " error";
  static constexpr std::array<const char*, MME_MONGO_ERROR_KINDS> kinds{"", " write", " write-concern"};
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    if (sample.errors & (1U << kind)) text += kinds.at(kind) + (':' + std::to_string(sample.error_codes[kind]));
  }
  if (sample.cursor & MME_CURSOR_BATCH) text += " batch:" + std::to_string(sample.documents);
  if (sample.cursor & MME_CURSOR_OPEN) text += " open";
  if (sample.cursor & MME_CURSOR_CONTINUED) text += " of " + command_name(sample.origin);
  if (sample.cursor & MME_CURSOR_KILLED) text += " killed:" + std::to_string(sample.documents);
  if (sample.kind == MME_SAMPLE_AWAITED) text += " awaited";
  if (sample.kind == MME_SAMPLE_UNACKNOWLEDGED) text += " unacknowledged";
  return text;
}

inline std::string to_text(const mme_sample& sample, const HostConnection& names) {
  return sample.key.family == MME_FAMILY_MONGO ? mongo_text(sample, names) : http_text(sample);
}

inline std::vector<std::string> sample_texts(const HostConnection& connection) {
  std::vector<std::string> texts;
  for (const mme_sample& sample : connection.samples()) texts.push_back(to_text(sample, connection));
  return texts;
}

}  // namespace mme::test

// SPDX-License-Identifier: Apache-2.0
#include "mongo/reply.h"

#include <limits>

#include "metrics/names.h"
#include "mongo/bson_reader.h"
#include "mongo/wire_command.h"

namespace mme::mongo {
namespace {

constexpr size_t kLegacyBytes = 20;  // responseFlags, cursorID, startingFrom, numberReturned

std::optional<bool> truth(const BsonElement& element) {
  const auto number = element.number();
  return number ? std::optional(*number != 0) : std::nullopt;
}

std::optional<int32_t> code_of(const BsonElement& element) {
  using Limits = std::numeric_limits<int32_t>;
  const auto number = element.integer();
  if (!number || *number < Limits::min() || *number > Limits::max()) return std::nullopt;
  return static_cast<int32_t>(*number);
}

std::string text_of(const BsonElement& element) {
  const auto text = element.text();
  return text ? label_text(*text, false) : std::string();
}

// The `code` of an error, as much of it as there is.
std::optional<int32_t> code_in(const BsonElement& error) {
  if (error.type != MME_BSON_DOCUMENT) return std::nullopt;
  BsonReader reader(error.value);
  while (const auto element = reader.next())
    if (element->key == "code") return code_of(*element);
  return std::nullopt;
}

std::optional<size_t> count(const BsonElement& batch) {
  BsonReader reader(batch.value);
  size_t documents = 0;
  while (const auto element = reader.next()) documents += element->type == MME_BSON_DOCUMENT ? 1 : 0;
  return reader.cut() ? std::nullopt : std::optional(documents);
}

void read_cursor(const BsonElement& cursor, Reply& reply) {
  BsonReader reader(cursor.value);
  while (const auto element = reader.next()) {
    if (element->key == "id")
      reply.cursor_id = element->integer();
    else if ((element->key == "firstBatch" || element->key == "nextBatch") && element->type == MME_BSON_ARRAY)
      reply.documents = count(*element);
  }
}

void read_write_errors(const BsonElement& errors, Reply& reply) {
  const auto first = BsonReader(errors.value).next();
  if (!first) return;
  reply.has_write_errors = true;
  reply.write_error_code = code_in(*first);
}

// True: the element was one of them.
bool read_outcome(const BsonElement& element, Reply& reply) {
  const std::string_view key = element.key;
  if (key == "ok")
    reply.ok = truth(element);
  else if (key == "code")
    reply.code = code_of(element);
  else if (key == "codeName")
    reply.code_name = text_of(element);
  else if (key == "n")
    reply.n = element.integer();
  else if (key == "nModified")
    reply.n_modified = element.integer();
  else if (key == "cursor" && element.type == MME_BSON_DOCUMENT)
    read_cursor(element, reply);
  else if (key == "writeErrors" && element.type == MME_BSON_ARRAY)
    read_write_errors(element, reply);
  else if (key == "writeConcernError")
    reply.write_concern_code = code_in(element);
  else
    return false;
  return true;
}

void read_hello(const BsonElement& element, Reply& reply) {
  const std::string_view key = element.key;
  if (key == "setName")
    reply.set_name = text_of(element);
  else if (key == "me")
    reply.me = text_of(element);
  else if (key == "isWritablePrimary" || key == "ismaster")
    reply.is_writable_primary = truth(element);
  else if (key == "secondary")
    reply.is_secondary = truth(element);
  else if (key == "arbiterOnly")
    reply.is_arbiter = truth(element);
  else if (key == "msg")
    reply.is_mongos = element.text() == "isdbgrid";
}

Reply reply_of(std::string_view document) {
  Reply reply;
  BsonReader reader(document);
  while (const auto element = reader.next())
    if (!read_outcome(*element, reply)) read_hello(*element, reply);
  reply.cut = reader.cut();
  return reply;
}

}  // namespace

std::optional<Reply> read_reply(std::string_view body, size_t whole_bytes) {
  const auto message = read_command(body, whole_bytes);
  if (!message) return std::nullopt;
  Reply reply = reply_of(message->document);
  reply.cut = reply.cut || message->cut;
  return reply;
}

std::optional<Reply> read_legacy_reply(std::string_view body, size_t whole_bytes) {
  if (body.size() < kLegacyBytes) return std::nullopt;
  const std::string_view document = body.substr(kLegacyBytes);
  if (!BsonReader(document).next()) return std::nullopt;
  Reply reply = reply_of(document);
  reply.cut = reply.cut || body.size() < whole_bytes;
  return reply;
}

}  // namespace mme::mongo

// SPDX-License-Identifier: Apache-2.0
#include "mongo/hello_reply.h"

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

std::string text_of(const BsonElement& element) {
  const auto text = element.text();
  return text ? label_text(*text, false) : std::string();
}

void read(const BsonElement& element, HelloReply& reply) {
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

HelloReply reply_of(std::string_view document) {
  HelloReply reply;
  BsonReader reader(document);
  while (const auto element = reader.next()) read(*element, reply);
  reply.cut = reader.cut();
  return reply;
}

}  // namespace

std::optional<HelloReply> read_hello_reply(std::string_view body, size_t whole_bytes) {
  const auto message = read_command(body, whole_bytes);
  if (!message) return std::nullopt;
  HelloReply reply = reply_of(message->document);
  reply.cut = reply.cut || message->cut;
  return reply;
}

std::optional<HelloReply> read_legacy_hello_reply(std::string_view body, size_t whole_bytes) {
  if (body.size() < kLegacyBytes) return std::nullopt;
  const std::string_view document = body.substr(kLegacyBytes);
  if (!BsonReader(document).next()) return std::nullopt;
  HelloReply reply = reply_of(document);
  reply.cut = reply.cut || body.size() < whole_bytes;
  return reply;
}

}  // namespace mme::mongo

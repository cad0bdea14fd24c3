// SPDX-License-Identifier: Apache-2.0
#include "mongo/client.h"

namespace mme::mongo {
namespace {

tl::unexpected<ClientError> unexpected(const bson_error_t& error) {
  return tl::make_unexpected(ClientError{error.domain, error.code, error.message});
}

}  // namespace

bool Document::has(const char* path, bson_iter_t& value) const {
  bson_iter_t root;
  return bson_iter_init(&root, &bson_) && bson_iter_find_descendant(&root, path, &value);
}

std::string Document::text(const char* path) const {
  bson_iter_t value;
  if (!has(path, value) || !BSON_ITER_HOLDS_UTF8(&value)) return {};
  uint32_t size = 0;
  const char* text = bson_iter_utf8(&value, &size);
  return {text, size};
}

DirectClient::DirectClient(const Uri& uri) {
  bson_error_t error{};
  client_.reset(mongoc_client_new_from_uri_with_error(uri.parsed(), &error));
  if (client_ != nullptr) mongoc_client_set_error_api(client_.get(), MONGOC_ERROR_API_VERSION_2);
  problem_ = error.message;
}

tl::expected<void, ClientError> DirectClient::connect(Document& hello) {
  if (client_ == nullptr) return tl::make_unexpected(ClientError{MONGOC_ERROR_CLIENT, 0, problem_});
  bson_error_t error{};
  mongoc_server_description_t* server = mongoc_client_select_server(client_.get(), false, nullptr, &error);
  if (server == nullptr) return unexpected(error);
  bson_destroy(hello.get());
  bson_copy_to(mongoc_server_description_hello_response(server), hello.get());
  mongoc_server_description_destroy(server);
  return {};
}

tl::expected<void, ClientError> DirectClient::command(const char* database, const bson_t* command, Document& reply) {
  if (client_ == nullptr) return tl::make_unexpected(ClientError{MONGOC_ERROR_CLIENT, 0, problem_});
  bson_error_t error{};
  bson_destroy(reply.get());  // libmongoc initialises it, also where it fails
  if (!mongoc_client_command_simple(client_.get(), database, command, nullptr, reply.get(), &error)) {
    return unexpected(error);
  }
  return {};
}

}  // namespace mme::mongo

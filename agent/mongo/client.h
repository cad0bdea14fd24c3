// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "mongo/uri.h"

namespace mme::mongo {

// A BSON document that is freed with its owner.
class Document {
 public:
  Document() { bson_init(&bson_); }
  ~Document() { bson_destroy(&bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  [[nodiscard]] bson_t* get() { return &bson_; }
  [[nodiscard]] const bson_t* get() const { return &bson_; }

  // The text at a path such as "cursor.firstBatch.0.name"; empty: there is none.
  [[nodiscard]] std::string text(const char* path) const;
  [[nodiscard]] bool has(const char* path, bson_iter_t& value) const;

 private:
  bson_t bson_;
};

// An error as libmongoc gives it. Codes of the domain `server` are those of MongoDB's error_codes.yml.
struct ClientError {
  uint32_t domain = 0;
  uint32_t code = 0;
  std::string message;

  [[nodiscard]] bool from_server() const { return domain == MONGOC_ERROR_SERVER; }
};

// libmongoc's client for one server, in the thread that calls: it has no thread of its own.
class DirectClient {
 public:
  explicit DirectClient(const Uri& uri);

  // Connects where it is not connected; `hello` is what the server then said of itself.
  [[nodiscard]] tl::expected<void, ClientError> connect(Document& hello);

  // `reply` is a new document. An error of the server as much as one of the network.
  [[nodiscard]] tl::expected<void, ClientError> command(const char* database, const bson_t* command, Document& reply);

 private:
  struct Deleter {
    void operator()(mongoc_client_t* client) const { mongoc_client_destroy(client); }
  };
  std::unique_ptr<mongoc_client_t, Deleter> client_;  // none: the URI's options contradict each other
  std::string problem_;                               // why there is none
};

}  // namespace mme::mongo

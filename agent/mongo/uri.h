// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct _mongoc_uri_t;

namespace mme::mongo {

// A connection string for one mongod. It has credentials, so nothing but address() is for people's eyes.
class Uri {
 public:
  // "mongodb://user:password@127.0.0.1:27017/?authSource=admin". The error says what is wrong and quotes nothing of
  // it.
  [[nodiscard]] static Result<Uri> parse(const std::string& text);

  // "127.0.0.1:27017", "[::1]:27017" or the path of a socket.
  [[nodiscard]] const std::string& address() const { return address_; }

  // `message` with every occurrence of a credential replaced.
  [[nodiscard]] std::string without_credentials(std::string message) const;

  // As libmongoc has it, with what the agent sets: one server, asked directly; its application name; timeouts.
  [[nodiscard]] const _mongoc_uri_t* parsed() const { return parsed_.get(); }

  bool operator==(const Uri& other) const { return text_ == other.text_; }

 private:
  Uri() = default;

  std::string text_;
  std::string address_;
  std::shared_ptr<const _mongoc_uri_t> parsed_;  // never changed, so copies may share it between threads
};

}  // namespace mme::mongo

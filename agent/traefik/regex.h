// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace mme::traefik {

// A regular expression of Go, by RE2: the same syntax and the same engine.
class Regex {
 public:
  struct Failure {
    bool unsupported = false;  // Go may take it
    std::string problem;
  };

  [[nodiscard]] static tl::expected<std::shared_ptr<const Regex>, Failure> compile(std::string_view pattern);

  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;
  ~Regex();

  // Found anywhere in the text? A byte that is not UTF-8 counts as U+FFFD, as in Go.
  [[nodiscard]] bool found_in(std::string_view text) const;

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mme::traefik

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace mme {

// What went wrong, on which object, and how to mend it: one sentence for a person.
struct Error {
  std::string message;
};

// A value or an Error. Every function that can fail returns one and is marked [[nodiscard]].
template <typename T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) {
  return tl::make_unexpected(Error{std::move(message)});
}

// "attach cgroup_skb to /system.slice/traefik.service: EPERM (Operation not permitted; <mend>)"
[[nodiscard]] tl::unexpected<Error> fail_errno(const std::string& what, int error_number, const std::string& mend = {});

}  // namespace mme

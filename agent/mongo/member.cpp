// SPDX-License-Identifier: Apache-2.0
#include "mongo/member.h"

namespace mme::mongo {
namespace {

// A set's name comes before the role, so where there is a role and no name there is no set.
std::string role_of(const HelloReply& hello) {
  const bool writable = *hello.is_writable_primary;
  if (hello.is_mongos) return "mongos";
  if (hello.set_name.empty()) return writable ? "standalone" : "other";
  if (writable) return "primary";
  if (hello.is_arbiter.value_or(false)) return "arbiter";
  return hello.is_secondary.value_or(false) ? "secondary" : "other";
}

}  // namespace

std::optional<RawMongoMember> member_of(const WireMessage& hello_reply) {
  const auto reply = hello_reply.opcode == MME_OP_REPLY
                         ? read_legacy_hello_reply(hello_reply.body, hello_reply.whole_bytes)
                         : read_hello_reply(hello_reply.body, hello_reply.whole_bytes);
  return reply ? member_of(*reply) : std::nullopt;
}

std::optional<RawMongoMember> member_of(const HelloReply& hello) {
  if (!hello.is_writable_primary) return std::nullopt;
  const bool role_may_follow = hello.cut && !*hello.is_writable_primary && !hello.is_secondary;
  if (role_may_follow) return std::nullopt;
  return RawMongoMember{.set = hello.set_name, .me = hello.me, .role = role_of(hello)};
}

}  // namespace mme::mongo

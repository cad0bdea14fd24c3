// SPDX-License-Identifier: Apache-2.0
#include "daemon/mongo_commands.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

#include "config/slow_threshold.h"
#include "metrics/mongo_errors.h"
#include "metrics/names.h"
#include "metrics/other_series.h"
#include "mme/mongo.h"
#include "mongo/command_text.h"
#include "mongo/handshake.h"
#include "mongo/member.h"
#include "mongo/query_shape.h"
#include "mongo/wire_command.h"

namespace mme {
namespace {

constexpr size_t kConnectionsMax = 65536;
constexpr size_t kClientsMax = 1000;
constexpr size_t kApplicationNamesMax = 200;
constexpr size_t kPiecedRequestsMax = 64;
constexpr size_t kRequestIdAt = 4;  // in a message
constexpr size_t kCursorsMax = 4096;
constexpr size_t kErrorsMax = 4096;

std::string known_name(const WireNames& names, uint64_t hash) {
  const auto found = names.find(hash);
  return hash == 0 || found == names.end() ? std::string() : found->second;
}

// `key`, or `_other` where `all` has no room for it.
template <typename Key, typename Value>
mme_series_key place_in(const std::map<Key, Value>& all, const mme_series_key& key, size_t most) {
  return all.size() < most || all.contains(std::bit_cast<Key>(key)) ? key : other_series(MME_FAMILY_MONGO);
}

// What a reply, if all of it is there, says of a cursor.
void note_cursor(const mme_mongo& reply, uint8_t origin, mme_sample& sample) {
  constexpr uint16_t kWhole = MME_MONGO_HAS_CURSOR | MME_MONGO_OK_SEEN;
  if ((reply.flags & kWhole) == kWhole) mme_mongo_cursor_sample(&reply, origin, &sample);
}

// Keeps `order` and what it is the order of within `most`.
template <typename Container>
void forget_oldest(Container& all, std::deque<uint64_t>& order, size_t most) {
  while (order.size() > most) {
    all.erase(order.front());
    order.pop_front();
  }
}

}  // namespace

MongoCommands::MongoCommands(const std::vector<double>& bounds_s, uint32_t series_max)
    : latency_count_(bounds_s),
      series_max_(series_max),
      counts_(MME_MONGO_COMMAND_COUNT),
      replication_counts_(MME_MONGO_COMMAND_COUNT) {}

std::optional<mongo::SlowCommand> MongoCommands::ended(const mme_mongo_exchange& exchange, std::string_view request,
                                                       std::string_view reply, const WireNames& names) {
  if ((exchange.why & MME_TOLD_PIECE) != 0) {
    add_piece(exchange, request);
    return std::nullopt;
  }
  const Opened opened = open(exchange, with_pieces(exchange.cookie, request), reply, names);
  if ((exchange.why & MME_TOLD_COMPRESSED) != 0) count(opened);
  if ((exchange.why & MME_TOLD_HELLO) != 0 && opened.request) remember_client(exchange, *opened.request);
  if (mme_mongo_is_hello(opened.sample.key.code) != 0 && opened.reply)
    remember_member(exchange.key.target, *opened.reply);
  if ((exchange.why & MME_TOLD_SLOW) == 0 || opened.sample.kind != MME_SAMPLE_LATENCY) return std::nullopt;
  mongo::SlowCommand described = describe(exchange, opened);
  const auto threshold = threshold_of(slow_, described.command, described.database, described.collection);
  if (described.duration < threshold) return std::nullopt;
  if (!described.replication) count_slow(opened.sample.key);
  return described;
}

MongoCommands::Opened MongoCommands::open(const mme_mongo_exchange& exchange, std::string_view request,
                                          std::string_view reply, const WireNames& names) {
  Opened opened;
  opened.request = mongo::open_message(request);
  opened.reply = mongo::open_message(reply);
  opened.sample.key = exchange.key;
  opened.sample.key.method = peer_of(exchange);
  opened.sample.kind = (exchange.why & MME_TOLD_UNANSWERED) != 0 ? MME_SAMPLE_NONE : MME_SAMPLE_LATENCY;
  opened.sample.duration_ns = exchange.duration_ns;
  opened.sample.request_bytes = exchange.request_bytes;
  opened.sample.response_bytes = exchange.response_bytes;
  opened.sample.errors = exchange.errors;
  opened.sample.cursor = exchange.cursor;
  opened.sample.origin = exchange.origin;
  opened.sample.documents = exchange.documents;
  opened.sample.cursor_id = exchange.cursor_id;
  std::copy(std::begin(exchange.error_codes), std::end(exchange.error_codes), std::begin(opened.sample.error_codes));
  if ((exchange.why & MME_TOLD_STREAMED) != 0) {
    parse_streamed(exchange, opened);
    return opened;
  }
  mongo::ParsedMessage parsed;
  if (opened.request) parsed = mongo::parse(*opened.request, 0);
  if ((exchange.why & MME_TOLD_COMPRESSED) != 0 && opened.request) parse_compressed(exchange, parsed, opened);
  const auto& hashes = opened.sample.key.name;
  const auto text = [&](size_t which, std::string read) {
    return hashes[which] != 0 && hashes[which] == parsed.names.hash[which] ? std::move(read)
                                                                           : known_name(names, hashes[which]);
  };
  opened.database = text(0, parsed.database());
  opened.collection = text(1, parsed.collection());
  return opened;
}

// As the programs do with what is not compressed. What is behind the bytes that are there is taken to say nothing.
void MongoCommands::parse_compressed(const mme_mongo_exchange& exchange, const mongo::ParsedMessage& request,
                                     Opened& opened) {
  if (request.parser.command_hash == 0) return;  // its first bytes could not be opened
  const auto command = static_cast<uint16_t>(mme_mongo_command_id(request.parser.command_hash));
  mme_pending pending{};
  opened.sample.key.method = mme_mongo_peer(opened.sample.key.method, &request.parser, &request.names, command);
  (void)mme_mongo_request(&request.parser, &request.names, command, 0, &pending);
  pending.request_bytes = exchange.request_bytes;
  if ((exchange.why & MME_TOLD_UNANSWERED) != 0) {
    const bool is_meant = (request.parser.flags & MME_MONGO_MORE_TO_COME) != 0;
    opened.sample.key.code = command;
    opened.sample.kind = is_meant ? MME_SAMPLE_UNACKNOWLEDGED : MME_SAMPLE_NONE;
    return;
  }
  const auto cursor = cursors_.find(request.parser.cursor);
  if (command == MME_COMMAND_getMore && cursor != cursors_.end()) {
    pending.method = cursor->second.command;
    if (cursor->second.awaits != 0) pending.flags |= MME_PENDING_AWAITED;
  }
  mongo::ParsedMessage reply;
  if (opened.reply) reply = mongo::parse(*opened.reply, MME_MONGO_IS_REPLY);
  mme_mongo_sample(&reply.parser, &pending, exchange.duration_ns, &opened.sample);
  opened.sample.response_bytes = exchange.response_bytes;
  note_cursor(reply.parser, pending.method, opened.sample);
  remember_unseen(exchange.cookie,
                  {.peer = opened.sample.key.method,
                   .streamed = (reply.parser.flags & MME_MONGO_MORE_TO_COME) != 0 ? static_cast<uint8_t>(command)
                                                                                  : uint8_t{MME_COMMAND_compressed},
                   .origin = pending.method});
  if (mme_cursor_begins(opened.sample.cursor) != 0) remember_cursor(opened.sample.cursor_id, pending);
  if (opened.sample.kind != MME_SAMPLE_LATENCY) return;
  for (size_t which = 0; which < 2; ++which) {
    if (opened.sample.key.name[which] == 0) continue;
    if (names_.size() < 2UL * series_max_) {
      names_.try_emplace(opened.sample.key.name[which], which == 0 ? request.database() : request.collection());
    }
  }
}

void MongoCommands::remember_cursor(uint64_t id, const mme_pending& opened_by) {
  const mme_cursor cursor{.command = opened_by.method,
                          .awaits = static_cast<uint8_t>((opened_by.flags & MME_PENDING_AWAIT_CURSOR) != 0)};
  if (!cursors_.try_emplace(id, cursor).second) return;
  cursors_order_.push_back(id);
  forget_oldest(cursors_, cursors_order_, kCursorsMax);
}

mme_mongo_counts& MongoCommands::counts_of(const mme_sample& sample, uint16_t command) {
  const bool is_replication = mme_mongo_is_replication(sample.key.method, sample.key.code) != 0;
  return (is_replication ? replication_counts_ : counts_).at(command);
}

void MongoCommands::count_cursor(const mme_sample& sample) {
  mme_mongo_counts& counts = counts_of(sample, sample.origin);
  if ((sample.cursor & MME_CURSOR_KILLED) != 0) counts.cursors_killed += sample.documents;
  if ((sample.cursor & MME_CURSOR_BATCH) == 0) return;
  if (mme_cursor_begins(sample.cursor) != 0) ++counts.cursors_opened;
  if (mme_cursor_ends(sample.cursor) != 0) ++counts.cursors_exhausted;
  counts.documents += sample.documents;
  counts.bytes += sample.response_bytes;
}

// A further reply to an exchange that was told before; its request is gone.
void MongoCommands::parse_streamed(const mme_mongo_exchange& exchange, Opened& opened) {
  opened.request.reset();
  opened.sample.kind = MME_SAMPLE_AWAITED;
  if ((exchange.why & MME_TOLD_COMPRESSED) == 0) return;
  const auto known = unseen_.find(exchange.cookie);
  if (known == unseen_.end() || known->second.streamed == MME_COMMAND_compressed) {
    opened.sample.kind = MME_SAMPLE_NONE;
    ++unasked_;
    return;
  }
  Unseen& stream = known->second;
  opened.sample.key.code = stream.streamed;
  if (!opened.reply) return;
  const mongo::ParsedMessage reply = mongo::parse(*opened.reply, MME_MONGO_IS_REPLY);
  note_cursor(reply.parser, stream.origin, opened.sample);
  if ((reply.parser.flags & MME_MONGO_MORE_TO_COME) == 0) stream.streamed = MME_COMMAND_compressed;
}

uint8_t MongoCommands::peer_of(const mme_mongo_exchange& exchange) const {
  const auto known = unseen_.find(exchange.cookie);
  return std::max(exchange.key.method, known == unseen_.end() ? __u8{MME_PEER_CLIENT} : known->second.peer);
}

void MongoCommands::remember_unseen(uint64_t cookie, const Unseen& unseen) {
  const bool says_something = unseen.peer != MME_PEER_CLIENT || unseen.streamed != MME_COMMAND_compressed;
  if (!says_something && !unseen_.contains(cookie)) return;
  if (!unseen_.insert_or_assign(cookie, unseen).second) return;
  unseen_order_.push_back(cookie);
  forget_oldest(unseen_, unseen_order_, kConnectionsMax);
}

void MongoCommands::count(const Opened& opened) {
  const mme_sample& sample = opened.sample;
  const bool is_replication = mme_mongo_is_replication(sample.key.method, sample.key.code) != 0;
  for (uint32_t kind = 0; kind < MME_MONGO_ERROR_KINDS; ++kind) {
    if ((sample.errors & (1U << kind)) == 0) continue;
    const std::array<uint32_t, 5> error{sample.key.target, sample.key.code, kind, sample.error_codes[kind],
                                        uint32_t{is_replication}};
    if (errors_.contains(error) || errors_.size() < kErrorsMax) ++errors_[error];
  }
  mme_mongo_counts& counts = counts_of(sample, sample.key.code);
  if (sample.kind == MME_SAMPLE_AWAITED) ++counts.awaited;
  if (sample.kind == MME_SAMPLE_UNACKNOWLEDGED) ++counts.unacknowledged;
  if (sample.cursor != 0) count_cursor(sample);
  if (sample.kind != MME_SAMPLE_LATENCY) return;
  const mme_series_key key = place_in(series_, sample.key, series_max_);
  if (key.other != 0) ++overflow_;
  const auto [at, is_new] = series_.try_emplace(std::bit_cast<SeriesKey>(key));
  RawSeries& series = at->second;
  if (is_new) {
    series.key = key;
    series.latency = latency_count_.none();
  }
  latency_count_.count(sample.duration_ns, series.latency);
  series.request_bytes += sample.request_bytes;
  series.response_bytes += sample.response_bytes;
}

void MongoCommands::add_piece(const mme_mongo_exchange& exchange, std::string_view piece) {
  const bool is_known = pieces_.contains(exchange.cookie);
  if (!is_known && pieces_.size() >= kPiecedRequestsMax) pieces_.erase(pieces_.begin());  // the oldest connection's
  Pieces& pieces = pieces_[exchange.cookie];
  const auto request_id = static_cast<uint32_t>(exchange.cursor_id);
  if (pieces.request_id != request_id)
    pieces = {.request_id = request_id, .bytes = {}};  // of the one before no end was told
  if (pieces.bytes.size() + piece.size() <= MME_PIECES_BYTES) pieces.bytes += piece;
}

std::string MongoCommands::with_pieces(uint64_t cookie, std::string_view request) {
  std::string whole(request);
  const auto behind = pieces_.find(cookie);
  if (behind == pieces_.end()) return whole;
  uint32_t request_id = 0;
  if (whole.size() >= kRequestIdAt + sizeof(request_id))
    std::memcpy(&request_id, &whole[kRequestIdAt], sizeof(request_id));
  if (behind->second.request_id == request_id) whole += behind->second.bytes;
  pieces_.erase(behind);
  return whole;
}

void MongoCommands::remember_client(const mme_mongo_exchange& exchange, const mongo::WireMessage& request) {
  const auto command = request.opcode == MME_OP_QUERY ? mongo::read_query(request.body, request.whole_bytes)
                                                      : mongo::read_command(request.body, request.whole_bytes);
  auto client = command ? mongo::client_metadata(*command) : std::nullopt;
  if (!client) return;
  if (exchange.key.method != MME_PEER_CLIENT) client->application = kInternal;
  const bool has_place = handshakes_.contains(client->application) || handshakes_.size() < kApplicationNamesMax;
  ++handshakes_[has_place ? client->application : std::string(kOther)];
  if (!client->driver_version.empty()) client->driver += " " + client->driver_version;
  Client known(std::move(client->application), std::move(client->driver));
  if (clients_.size() >= kClientsMax && !clients_.contains(known)) return;
  if (connections_.insert_or_assign(exchange.cookie, &*clients_.insert(std::move(known)).first).second) {
    connections_order_.push_back(exchange.cookie);
    forget_oldest(connections_, connections_order_, kConnectionsMax);
  }
}

void MongoCommands::remember_member(uint16_t target, const mongo::WireMessage& reply) {
  auto member = mongo::member_of(reply);
  if (!member) return;
  member->target = target;
  members_[target] = std::move(*member);
}

std::string_view MongoCommands::application_of(uint64_t cookie) const {
  const auto unseen = unseen_.find(cookie);
  if (unseen != unseen_.end() && unseen->second.peer != MME_PEER_CLIENT) return kInternal;
  const auto known = connections_.find(cookie);
  return known == connections_.end() ? std::string_view() : known->second->first;
}

void MongoCommands::count_slow(const mme_series_key& key) {
  mme_series_key counted = key;
  counted.variant = 0;
  ++slow_counts_[std::bit_cast<SeriesKey>(place_in(slow_counts_, counted, series_max_))];
}

mongo::SlowCommand MongoCommands::describe(const mme_mongo_exchange& exchange, const Opened& opened) const {
  mongo::SlowCommand slow;
  slow.duration = std::chrono::nanoseconds(exchange.duration_ns);
  if (exchange.first_byte_ns != 0) slow.first_byte = std::chrono::nanoseconds(exchange.first_byte_ns);
  slow.database = opened.database;
  slow.collection = opened.collection;
  slow.command = mongo_command_name(opened.sample.key.code);
  slow.client = address_text(exchange.client, exchange.client_port);
  slow.request_bytes = exchange.request_bytes;
  slow.response_bytes = exchange.response_bytes;
  if (const auto known = connections_.find(exchange.cookie); known != connections_.end()) {
    std::tie(slow.application, slow.driver) = *known->second;
  }
  slow.replication = mme_mongo_is_replication(opened.sample.key.method, opened.sample.key.code) != 0;
  if (slow.replication) slow.application = kInternal;
  if (opened.request && opened.request->opcode == MME_OP_MSG) {
    if (const auto command = mongo::read_command(opened.request->body, opened.request->whole_bytes)) {
      mongo::QueryShape shape = mongo::query_shape(*command);
      slow.shape = std::move(shape.text);
      slow.fingerprint = shape.hash;
      slow.shape_complete = shape.complete;
      if (slow_.literals) slow.literals = mongo::command_text(*command);
    }
  }
  const mme_sample& sample = opened.sample;
  if ((sample.cursor & MME_CURSOR_BATCH) != 0) slow.documents = sample.documents;
  if ((sample.cursor & MME_CURSOR_OPEN) != 0) slow.cursor_id = static_cast<int64_t>(sample.cursor_id);
  if (sample.key.code == MME_COMMAND_getMore && sample.origin != MME_COMMAND_getMore) {
    slow.cursor_command = mongo_command_name(sample.origin);
  }
  for (uint32_t kind = 0; kind < MME_MONGO_ERROR_KINDS && !slow.error; ++kind) {
    if ((opened.sample.errors & (1U << kind)) == 0) continue;
    slow.error = static_cast<int32_t>(opened.sample.error_codes[kind]);
    slow.error_name = mongo_error_name(*slow.error);
  }
  return slow;
}

void MongoCommands::retire(const std::vector<mme_series_key>& keys) {
  for (const mme_series_key& key : keys) {
    const auto retired = series_.find(std::bit_cast<SeriesKey>(key));
    if (retired == series_.end()) continue;
    retired_exchanges_ += retired->second.latency.count();
    series_.erase(retired);
  }
}

void MongoCommands::add_to(KernelSnapshot& snapshot) const {
  for (const auto& [key, count] : slow_counts_) {
    snapshot.mongo_slow.push_back({std::bit_cast<mme_series_key>(key), count});
  }
  snapshot.mongo_handshakes = handshakes_;
  for (const auto& [key, series] : series_) snapshot.series.push_back(series);
  for (const auto& [error, count] : errors_) {
    snapshot.mongo_errors.push_back({.target = static_cast<uint16_t>(error[0]),
                                     .command = static_cast<uint16_t>(error[1]),
                                     .code = static_cast<int32_t>(error[3]),
                                     .kind = static_cast<uint8_t>(error[2]),
                                     .count = count,
                                     .replication = error[4] != 0});
  }
  for (const auto& [target, member] : members_) snapshot.mongo_members.push_back(member);
  add(counts_, snapshot.mongo_counts);
  add(replication_counts_, snapshot.mongo_replication_counts);
  snapshot.series_overflow[MME_FAMILY_MONGO] += overflow_;
  snapshot.exchanges_retired += retired_exchanges_;
  snapshot.accounts[MME_PROTOCOL_MONGO].messages_skipped[MME_SKIP_NO_REQUEST] += unasked_;
  const auto is_missing = [&](const auto& name) { return !snapshot.names->contains(name.first); };
  if (std::any_of(names_.begin(), names_.end(), is_missing)) {
    WireNames all = *snapshot.names;
    all.insert(names_.begin(), names_.end());
    snapshot.names = std::make_shared<const WireNames>(std::move(all));
  }
}

}  // namespace mme

// SPDX-License-Identifier: Apache-2.0
#include "daemon/mongo_commands.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <memory>
#include <unordered_set>
#include <utility>

#include "config/slow_threshold.h"
#include "metrics/mongo_errors.h"
#include "metrics/names.h"
#include "metrics/other_series.h"
#include "mme/mongo.h"
#include "mongo/bson_reader.h"
#include "mongo/command_text.h"
#include "mongo/handshake.h"
#include "mongo/member.h"
#include "mongo/query_shape.h"
#include "mongo/wire_command.h"

namespace mme {
namespace {

constexpr size_t kUnseenMax = 65536;
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

// Its flags at least could be opened.
bool is_readable(const std::optional<mongo::WireMessage>& message) {
  return message && message->body.size() >= sizeof(uint32_t);
}

}  // namespace

MongoCommands::MongoCommands(const std::vector<double>& bounds_s, uint32_t series_max)
    : latency_count_(bounds_s),
      series_max_(series_max),
      counts_(MME_MONGO_COMMAND_COUNT),
      replication_counts_(MME_MONGO_COMMAND_COUNT),
      pieces_(kPiecedRequestsMax),
      unseen_(kUnseenMax),
      cursors_(kCursorsMax) {}

std::optional<mongo::SlowCommand> MongoCommands::ended(const mme_mongo_exchange& exchange, std::string_view request,
                                                       std::string_view reply, const WireNames& names) {
  if ((exchange.why & MME_TOLD_PIECE) != 0) {
    add_piece(exchange, request);
    return std::nullopt;
  }
  const Opened opened = open(exchange, with_pieces(exchange.cookie, request), reply, names);
  const bool was_compressed = (exchange.why & MME_TOLD_COMPRESSED) != 0;
  if (was_compressed) count(opened);
  if ((exchange.why & MME_TOLD_HELLO) != 0 && opened.request) remember_client(exchange, *opened.request);
  if (mme_mongo_is_hello(opened.sample.key.code) != 0 && opened.reply)
    remember_member(exchange.key.target, *opened.reply);
  if ((exchange.why & MME_TOLD_SLOW) == 0 || opened.sample.kind != MME_SAMPLE_LATENCY) return std::nullopt;
  mongo::SlowCommand described = describe(exchange, opened);
  const auto threshold = threshold_of(slow_, described.command, described.database, described.collection);
  if (described.duration < threshold) return std::nullopt;
  if (!described.replication) count_slow(opened, was_compressed);
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
  const uint64_t getmore_of = command == MME_COMMAND_getMore ? request.parser.cursor : 0;
  if (const mme_cursor* cursor = cursors_.use(getmore_of)) {
    pending.method = cursor->command;
    if (cursor->awaits != 0) pending.flags |= MME_PENDING_AWAITED;
  }
  mongo::ParsedMessage reply;
  if (opened.reply) reply = mongo::parse(*opened.reply, MME_MONGO_IS_REPLY);
  mme_mongo_sample(&reply.parser, &pending, exchange.duration_ns, &opened.sample);
  opened.sample.response_bytes = exchange.response_bytes;
  note_cursor(reply.parser, pending.method, opened.sample);
  // Of a reply that cannot be read it is taken to be what the request allows: the programs know when there is none.
  const uint16_t says = is_readable(opened.reply) ? reply.parser.flags & MME_MONGO_MORE_TO_COME
                                                  : request.parser.flags & MME_MONGO_EXHAUST_ALLOWED;
  remember_unseen(exchange.cookie,
                  {.peer = opened.sample.key.method,
                   .streamed = says != 0 ? static_cast<uint8_t>(command) : uint8_t{MME_COMMAND_compressed},
                   .origin = pending.method,
                   .cursor = getmore_of});
  follow_cursor(opened, pending, getmore_of);
  const bool kills = command == MME_COMMAND_killCursors && opened.sample.errors == 0;
  if (kills && (reply.parser.flags & MME_MONGO_HAS_CURSOR) != 0) forget_killed(*opened.request);
}

void MongoCommands::follow_cursor(const Opened& opened, const mme_pending& request, uint64_t getmore_of) {
  if (mme_cursor_begins(opened.sample.cursor) != 0) {
    cursors_[opened.sample.cursor_id] = {
        .command = request.method, .awaits = static_cast<uint8_t>((request.flags & MME_PENDING_AWAIT_CURSOR) != 0)};
  }
  if (mme_cursor_ends(opened.sample.cursor) != 0) cursors_.erase(getmore_of);
}

// Those that were not found are not there either.
void MongoCommands::forget_killed(const mongo::WireMessage& request) {
  const auto command = mongo::read_command(request.body, request.whole_bytes);
  if (!command) return;
  mongo::BsonReader elements(command->document);
  while (const auto element = elements.next()) {
    if (element->key != "cursors" || element->type != MME_BSON_ARRAY) continue;
    mongo::BsonReader ids(element->value);
    while (const auto id = ids.next()) cursors_.erase(static_cast<uint64_t>(id->integer().value_or(0)));
  }
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
  Unseen* stream = unseen_.use(exchange.cookie);
  if (stream == nullptr || stream->streamed == MME_COMMAND_compressed) {
    opened.sample.kind = MME_SAMPLE_NONE;
    ++unasked_;
    return;
  }
  opened.sample.key.code = stream->streamed;
  if (!opened.reply) return;
  const mongo::ParsedMessage reply = mongo::parse(*opened.reply, MME_MONGO_IS_REPLY);
  note_cursor(reply.parser, stream->origin, opened.sample);
  (void)cursors_.use(stream->cursor);
  if (mme_cursor_ends(opened.sample.cursor) != 0) cursors_.erase(stream->cursor);
  if (is_readable(opened.reply) && (reply.parser.flags & MME_MONGO_MORE_TO_COME) == 0)
    stream->streamed = MME_COMMAND_compressed;
}

uint8_t MongoCommands::peer_of(const mme_mongo_exchange& exchange) const {
  const Unseen* known = unseen_.find(exchange.cookie);
  return std::max(exchange.key.method, known == nullptr ? __u8{MME_PEER_CLIENT} : known->peer);
}

void MongoCommands::remember_unseen(uint64_t cookie, const Unseen& unseen) {
  const bool says_something = unseen.peer != MME_PEER_CLIENT || unseen.streamed != MME_COMMAND_compressed;
  if (says_something)
    unseen_[cookie] = unseen;
  else
    unseen_.erase(cookie);
}

void MongoCommands::remember_names(const Opened& opened) {
  const auto& hashes = opened.sample.key.name;
  if (hashes[0] != 0) names_.try_emplace(hashes[0], opened.database);
  if (hashes[1] != 0) names_.try_emplace(hashes[1], opened.collection);
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
    if (key.other == 0) remember_names(opened);
  }
  latency_count_.count(sample.duration_ns, series.latency);
  series.request_bytes += sample.request_bytes;
  series.response_bytes += sample.response_bytes;
}

void MongoCommands::add_piece(const mme_mongo_exchange& exchange, std::string_view piece) {
  Pieces& pieces = pieces_[exchange.cookie];
  const auto request_id = static_cast<uint32_t>(exchange.cursor_id);
  if (pieces.request_id != request_id)
    pieces = {.request_id = request_id, .bytes = {}};  // of the one before no end was told
  if (pieces.bytes.size() + piece.size() <= MME_PIECES_BYTES) pieces.bytes += piece;
}

std::string MongoCommands::with_pieces(uint64_t cookie, std::string_view request) {
  std::string whole(request);
  const Pieces* behind = pieces_.find(cookie);
  if (behind == nullptr) return whole;
  uint32_t request_id = 0;
  if (whole.size() >= kRequestIdAt + sizeof(request_id))
    std::memcpy(&request_id, &whole[kRequestIdAt], sizeof(request_id));
  if (behind->request_id == request_id) whole += behind->bytes;
  pieces_.erase(cookie);
  return whole;
}

void MongoCommands::remember_client(const mme_mongo_exchange& exchange, const mongo::WireMessage& request) {
  const auto command = request.opcode == MME_OP_QUERY ? mongo::read_query(request.body, request.whole_bytes)
                                                      : mongo::read_command(request.body, request.whole_bytes);
  auto client = command ? mongo::client_metadata(*command) : std::nullopt;
  if (!client) return;
  if (exchange.key.method != MME_PEER_CLIENT) client->application = kInternal;
  if (!client->driver_version.empty()) client->driver += " " + client->driver_version;
  clients_.remember(exchange.cookie, {std::move(client->application), std::move(client->driver)});
}

void MongoCommands::remember_member(uint16_t target, const mongo::WireMessage& reply) {
  auto member = mongo::member_of(reply);
  if (!member) return;
  member->target = target;
  members_[target] = std::move(*member);
}

std::string_view MongoCommands::application_of(uint64_t cookie) const {
  const Unseen* unseen = unseen_.find(cookie);
  if (unseen != nullptr && unseen->peer != MME_PEER_CLIENT) return kInternal;
  const Client* known = clients_.find(cookie);
  return known == nullptr ? std::string_view() : known->application;
}

void MongoCommands::forget_closed(const std::vector<mme_in_flight>& open) {
  clients_.forget_closed(open);
  unseen_.forget_closed(open);
  pieces_.forget_closed(open);
}

void MongoCommands::count_slow(const Opened& opened, bool was_compressed) {
  mme_series_key counted = opened.sample.key;
  counted.variant = 0;
  counted = place_in(slow_counts_, counted, series_max_);
  ++slow_counts_[std::bit_cast<SeriesKey>(counted)];
  if (was_compressed && counted.other == 0) remember_names(opened);
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
  if (const Client* known = clients_.find(exchange.cookie)) {
    slow.application = known->application;
    slow.driver = known->driver;
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
    add_retired(retired_, std::move(retired->second));
    series_.erase(retired);
  }
  if (keys.empty()) return;
  std::unordered_set<uint64_t> named;
  const auto have_names = [&](const auto& all) {
    for (const auto& entry : all) {
      const auto key = std::bit_cast<mme_series_key>(entry.first);
      named.insert(std::begin(key.name), std::end(key.name));
    }
  };
  have_names(series_);
  have_names(slow_counts_);
  std::erase_if(names_, [&](const auto& name) { return !named.contains(name.first); });
}

void MongoCommands::add_to(KernelSnapshot& snapshot) const {
  for (const auto& [key, count] : slow_counts_) {
    snapshot.mongo_slow.push_back({std::bit_cast<mme_series_key>(key), count});
  }
  snapshot.mongo_handshakes = clients_.handshakes();
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
  for (const auto& [key, series] : retired_) snapshot.retired.push_back(series);
  snapshot.accounts[MME_PROTOCOL_MONGO].messages_skipped[MME_SKIP_NO_REQUEST] += unasked_;
  const auto is_missing = [&](const auto& name) { return !snapshot.names->contains(name.first); };
  if (std::any_of(names_.begin(), names_.end(), is_missing)) {
    WireNames all = *snapshot.names;
    all.insert(names_.begin(), names_.end());
    snapshot.names = std::make_shared<const WireNames>(std::move(all));
  }
}

}  // namespace mme

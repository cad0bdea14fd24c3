// SPDX-License-Identifier: Apache-2.0
// The kernel's way with a connection, composed again on the host: the order of calls is that of bpf/observer.bpf.c,
// bpf/lib/walk.bpf.h and pair.bpf.h. tests/bpf holds the two together, bit for bit; the fuzzers run this one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mme/exchange.h"

namespace mme::test {

inline constexpr uint32_t kParkedBytes = 2048;  // MME_PARKED_BYTES
inline constexpr int kDrain = 384;              // MME_DRAIN

// A broken invariant: the parser went where it must not.
inline void require(bool condition) {
  if (!condition) std::abort();
}

struct Segment {
  bool is_request = true;
  uint32_t sequence = 0;
  std::string_view bytes;
  uint64_t now_ns = 0;
  bool fin = false;
  bool urgent = false;
};

class HostConnection {
 public:
  explicit HostConnection(uint8_t role, uint8_t flags = MME_CONNECTION_PASSIVE) {
    connection_.role = role;
    connection_.flags = flags;
    connection_.target = 1;
    mme_connection_start(&connection_);
  }

  // The sequence numbers of the first bytes, as the kernel tells them when a connection opens.
  void open(uint32_t request_sequence, uint32_t reply_sequence) {
    connection_.request.next_seq = request_sequence;
    connection_.reply.next_seq = reply_sequence;
    connection_.request.sync = MME_SYNC_LOCKED;
    connection_.reply.sync = MME_SYNC_LOCKED;
  }

  void segment(const Segment& segment) {
    const uint32_t behind = segment.sequence + static_cast<uint32_t>(segment.bytes.size());
    if (segment.fin && is_ingress(segment.is_request) && connection_.role == MME_ROLE_UPSTREAM) {
      connection_.start_seq = behind;
      connection_.flags |= MME_CONNECTION_FIN;
    }
    if (!segment.bytes.empty()) observe(segment);
    if (!is_ingress(segment.is_request)) {
      if (segment.fin && connection_.role == MME_ROLE_UPSTREAM) connection_.left = 1;
      if (segment.fin) end_stream(segment.is_request, behind, segment.now_ns);
    } else if (connection_.flags & MME_CONNECTION_FIN) {
      end_stream(segment.is_request, connection_.start_seq, segment.now_ns);
    }
  }

  const mme_connection& state() const { return connection_; }
  const std::vector<mme_sample>& samples() const { return samples_; }
  const mme_account& account() const { return account_; }
  uint64_t messages() const { return messages_; }
  const std::vector<mme_route_head>& heads() const { return heads_; }  // of HTTP requests
  std::string name(uint64_t hash) const {
    const auto known = names_.find(hash);
    return known == names_.end() ? "" : known->second;
  }

 private:
  enum class Walk { kDone, kBad, kLost };

  // What the kernel keeps in a scratch slot.
  struct Work {
    mme_window window{};
    mme_direction direction{};
    mme_mongo_names names{};
    bool is_request = false;
    uint64_t now_ns = 0;
    std::string_view bytes;  // of the segment, without what was seen before
    uint32_t offset = 0;

    uint32_t left() const { return static_cast<uint32_t>(bytes.size()) - offset; }
    uint32_t unread() const { return left() + window.length - window.position; }
  };

  struct Parked {
    std::string bytes;
    uint64_t arrived_ns = 0;
  };

  bool is_mongo() const { return connection_.role == MME_ROLE_MONGOD; }
  bool is_ingress(bool is_request) const { return mme_is_request(connection_.role, 1) == is_request; }
  mme_direction& direction(bool is_request) { return is_request ? connection_.request : connection_.reply; }

  void account_parsed(uint64_t bytes) { account_.bytes_parsed += bytes; }
  void account_skipped(uint32_t reason, uint64_t bytes, uint64_t messages) {
    require(reason < MME_SKIPS);
    account_.bytes_skipped[reason] += bytes;
    account_.messages_skipped[reason] += messages;
  }

  // --- pair.bpf.h ---
  void keep_request(const mme_pending& request, bool inline_allowed) {
    if (inline_allowed && mme_pending_put(&connection_.pending, &request)) return;
    overflow_[request.id] = request;
  }

  bool take_request(uint32_t id, mme_pending& request) {
    if (mme_pending_take(&connection_.pending, id, &request)) return true;
    const auto kept = overflow_.find(id);
    if (kept == overflow_.end()) return false;
    request = kept->second;
    overflow_.erase(kept);
    return true;
  }

  mme_sample start_sample() const {
    mme_sample sample{};
    sample.key.target = connection_.target;
    if (is_mongo()) sample.key.method = connection_.peer;
    return sample;
  }

  void http_request_step(Work& work, mme_step step) {
    mme_http1& p = work.direction.http;
    if (step == MME_STEP_HEAD) {
      mme_pending request;
      mme_http_request(&p, &request_head_, connection_.role, connection_.request_started_ns, work.direction.count,
                       &request);
      heads_.push_back(request_head_);
      work.direction.count++;
      keep_request(request, true);
      return;
    }
    if (!(p.flags & MME_HTTP1_CHUNKED)) return;
    const auto id = static_cast<uint16_t>(work.direction.count - 1);
    if ((connection_.pending.flags & MME_PENDING_USED) && connection_.pending.id == id) {
      connection_.pending.request_bytes = p.body_bytes;
    } else if (const auto kept = overflow_.find(id); kept != overflow_.end()) {
      kept->second.request_bytes = p.body_bytes;
    }
  }

  void http_reply_start(Work& work) {
    const mme_pending& pending = connection_.pending;
    work.direction.http.method = MME_METHOD_GET;
    if ((pending.flags & MME_PENDING_USED) && pending.id == work.direction.count) {
      work.direction.http.method = pending.method;
      mme_http_first_byte(&connection_.pending, work.now_ns);
    } else if (connection_.request.count != work.direction.count) {
      const auto kept = overflow_.find(work.direction.count);
      if (kept == overflow_.end()) return;
      work.direction.http.method = kept->second.method;
      mme_http_first_byte(&kept->second, work.now_ns);
    }
  }

  void http_reply_step(Work& work) {
    mme_pending request;
    if (!take_request(work.direction.count, request)) {
      account_skipped(MME_SKIP_NO_REQUEST, 0, 1);
      work.direction.count = mme_http_unknown_answered(&connection_, work.direction.count);
    } else {
      mme_http_early(&connection_, work.direction.count, &request);
      work.direction.count++;
      if (connection_.left) {
        account_skipped(MME_SKIP_NO_REPLY, 0, 1);
        return;
      }
      mme_sample sample = start_sample();
      mme_http_sample(&work.direction.http, &request, connection_.role, work.now_ns, &sample);
      samples_.push_back(sample);
    }
    if (work.direction.http.phase == MME_HTTP1_UPGRADED) {
      work.direction.sync = MME_SYNC_OPAQUE;
      work.direction.reason = MME_SKIP_UPGRADED;
    }
  }

  void mongo_request_step(Work& work) {
    mme_mongo& p = work.direction.mongo;
    const auto command = p.flags & MME_MONGO_COMPRESSED ? static_cast<uint16_t>(MME_COMMAND_compressed)
                                                        : mme_mongo_command_id(p.command_hash);
    remember_names(work.names);
    if (p.flags & MME_MONGO_BROKEN) account_skipped(MME_SKIP_MALFORMED, 0, 1);
    mme_pending request;
    mme_mongo_works(&connection_, command);
    connection_.peer = mme_mongo_peer(connection_.peer, &p, &work.names, command);
    const bool expects_reply =
        mme_mongo_request(&p, &work.names, command, connection_.request_started_ns, &request) != 0;
    const auto cursor = cursors_.find(p.cursor);
    if (command == MME_COMMAND_getMore && cursor != cursors_.end()) {
      request.method = cursor->second.command;
      if (cursor->second.awaits) request.flags |= MME_PENDING_AWAITED;
    }
    if (expects_reply) {
      keep_request(request, !(p.flags & MME_MONGO_COMPRESSED));
      return;
    }
    mme_sample sample = start_sample();
    mme_mongo_sample(nullptr, &request, work.now_ns, &sample);
    samples_.push_back(sample);
  }

  void mongo_reply_step(Work& work) {
    mme_mongo& p = work.direction.mongo;
    mme_sample sample = start_sample();
    mme_pending request;
    if (take_request(p.id, request)) {
      mme_mongo_sample(&p, &request, work.now_ns, &sample);
      mme_mongo_replied(&p, &request);
    } else if (p.command != MME_COMMAND_other) {
      mme_mongo_streamed(&p, &request, &sample);
    } else {
      account_skipped(MME_SKIP_NO_REQUEST, 0, 1);
      return;
    }
    if (p.flags & MME_MONGO_HAS_CURSOR) mme_mongo_cursor_sample(&p, request.method, &sample);
    if (mme_cursor_begins(sample.cursor)) {
      const bool awaits = request.flags & MME_PENDING_AWAIT_CURSOR;
      cursors_[p.cursor] = {.command = sample.origin, .awaits = awaits};
    }
    samples_.push_back(sample);
  }

  bool at_message_start(const mme_direction& d) const {
    return is_mongo() ? d.mongo.phase == MME_MONGO_START && !d.mongo.number_bytes : d.http.phase == MME_HTTP1_START;
  }

  void before_message(Work& work) {
    if (!at_message_start(work.direction)) return;
    if (work.is_request) {
      connection_.request_started_ns = work.now_ns;
    } else if (!is_mongo()) {
      http_reply_start(work);
    }
  }

  void after_step(Work& work, mme_step step) {
    if (step == MME_STEP_MESSAGE) messages_++;
    if (is_mongo()) {
      work.is_request ? mongo_request_step(work) : mongo_reply_step(work);
    } else if (work.is_request) {
      http_request_step(work, step);
    } else {
      http_reply_step(work);
    }
  }

  // --- walk.bpf.h ---
  uint64_t skippable(const mme_direction& d) const {
    const uint64_t bytes = is_mongo() ? mme_mongo_skippable(&d.mongo) : mme_http1_skippable(&d.http);
    if (is_mongo() && bytes) require(bytes <= d.mongo.left);
    return bytes;
  }

  mme_step skip(mme_direction& d, uint64_t bytes) {
    return is_mongo() ? mme_mongo_skip(&d.mongo, bytes) : mme_http1_skip(&d.http, bytes);
  }

  mme_route_head& head(const Work& work) { return work.is_request ? request_head_ : reply_head_; }

  mme_step feed(Work& work) {
    const uint32_t position = work.window.position;
    const mme_step step = is_mongo() ? mme_mongo_feed(&work.direction.mongo, &work.names, &work.window)
                                     : mme_http1_feed(&work.direction.http, &head(work), &work.window);
    require(work.window.position > position && work.window.position <= work.window.length);
    return step;
  }

  static bool load(Work& work) {
    if (!work.left()) return false;
    work.window.length = std::min<uint32_t>(work.left(), MME_WINDOW_BYTES);
    work.window.position = 0;
    std::memcpy(work.window.bytes, work.bytes.data() + work.offset, work.window.length);
    // what lies behind the window must not matter
    std::memset(work.window.bytes + work.window.length, '\n', sizeof(work.window.bytes) - work.window.length);
    work.offset += work.window.length;
    return true;
  }

  Walk walk(Work& work) {
    for (;;) {
      if (work.window.position >= work.window.length) {
        if (!work.left()) return Walk::kDone;
        if (const uint64_t body = skippable(work.direction)) {
          const auto bytes = static_cast<uint32_t>(std::min<uint64_t>(body, work.left()));
          work.offset += bytes;
          const mme_step step = skip(work.direction, bytes);
          if (step != MME_STEP_MORE) after_step(work, step);
          continue;
        }
        if (!load(work)) return Walk::kLost;
      }
      before_message(work);
      const mme_step step = feed(work);
      if (step == MME_STEP_BAD) return Walk::kBad;
      if (step != MME_STEP_MORE) after_step(work, step);
      if (work.direction.sync == MME_SYNC_OPAQUE) return Walk::kDone;
    }
  }

  bool try_lock(Work& work) {
    if (!load(work)) return false;
    const int is_reply = !work.is_request;
    mme_direction& d = work.direction;
    if (!(is_mongo() ? mme_mongo_strict_start(&work.window, is_reply) : mme_http1_strict_start(&work.window, is_reply)))
      return false;
    if (is_mongo()) {
      d.mongo = {};
      d.mongo.flags = is_reply ? static_cast<uint16_t>(MME_MONGO_IS_REPLY) : 0;
    } else {
      d.http = {};
      d.http.flags = is_reply ? static_cast<uint16_t>(MME_HTTP1_IS_REPLY) : 0;
      if (is_reply) d.count = mme_http_resumed_ordinal(&connection_);
    }
    d.sync = MME_SYNC_LOCKED;
    return true;
  }

  static bool is_cut_name(const mme_mongo& p) {
    return p.phase == MME_MONGO_STRING || p.phase == MME_MONGO_QUERY_DATABASE;
  }

  void resume_names(Work& work) {
    if (!is_mongo() || !work.is_request || at_message_start(work.direction)) return;
    work.names.hash[0] = connection_.request_name[0];
    work.names.hash[1] = connection_.request_name[1];
    if (is_cut_name(work.direction.mongo))
      work.names.text[work.direction.mongo.want == MME_WANT_COLLECTION] = cut_name_;
  }

  void suspend_names(Work& work) {
    if (!is_mongo() || !work.is_request || at_message_start(work.direction)) return;
    connection_.request_name[0] = work.names.hash[0];
    connection_.request_name[1] = work.names.hash[1];
    remember_names(work.names);
    if (is_cut_name(work.direction.mongo))
      cut_name_ = work.names.text[work.direction.mongo.want == MME_WANT_COLLECTION];
  }

  void remember_names(const mme_mongo_names& names) {
    for (int which = 0; which < 2; which++) {
      if (!names.complete[which]) continue;
      const mme_name& name = names.text[which];
      const size_t bytes = std::min<size_t>(name.length, MME_NAME_BYTES);
      names_.emplace(names.hash[which], std::string(name.text, bytes));
    }
  }

  void walk_end(Work& work, Walk result) {
    uint32_t unread = work.unread();
    mme_direction& d = work.direction;
    if (d.sync == MME_SYNC_OPAQUE) {
      account_skipped(d.reason, unread, 0);
    } else if (result == Walk::kBad) {
      const uint8_t reason = is_mongo() ? d.mongo.reason : d.http.reason;
      account_skipped(reason, unread, 1);
      d.reason = reason;
      d.sync = mme_connection_seeks(&connection_, reason) ? MME_SYNC_SEEK : MME_SYNC_OPAQUE;
    } else if (result == Walk::kLost) {
      account_skipped(MME_SKIP_GAP, unread, 1);
      d.sync = MME_SYNC_SEEK;
    } else {
      unread = 0;
    }
    account_parsed(work.bytes.size() - unread);
    suspend_names(work);
    direction(work.is_request) = d;
  }

  // --- observer.bpf.c ---
  Work begin(bool is_request, std::string_view bytes, uint64_t now_ns) {
    Work work;
    work.is_request = is_request;
    work.bytes = bytes;
    work.now_ns = now_ns;
    work.direction = direction(is_request);
    return work;
  }

  void jump(mme_direction& d, uint32_t sequence) {
    const uint32_t hole = sequence - d.next_seq;
    d.next_seq = sequence;
    if (d.sync != MME_SYNC_LOCKED) return;
    if (skippable(d) > hole) {
      skip(d, hole);
      return;
    }
    d.sync = MME_SYNC_SEEK;
    account_skipped(MME_SKIP_GAP, 0, 1);
  }

  void park(const Segment& segment) {
    const auto bytes = static_cast<uint32_t>(segment.bytes.size());
    const bool in_body =
        mme_connection_in_body(&connection_, &direction(segment.is_request), segment.sequence, bytes) != 0;
    const size_t size = in_body ? bytes : kParkedBytes;
    for (size_t at = 0; at < segment.bytes.size(); at += size) {
      const std::string piece(segment.bytes.substr(at, size));
      Parked& place = parked_[segment.sequence + static_cast<uint32_t>(at)];
      account_skipped(MME_SKIP_DUPLICATE, place.bytes.size(), 0);
      connection_.ingress += static_cast<uint32_t>(piece.size() - place.bytes.size()) << MME_INGRESS_PARKED_SHIFT;
      place = {piece, segment.now_ns};
    }
  }

  bool claim(mme_direction& d, const Segment& segment, uint32_t& seen) {
    const auto bytes = static_cast<uint32_t>(segment.bytes.size());
    if (d.sync == MME_SYNC_NONE) {
      d.next_seq = segment.sequence;
      d.sync = MME_SYNC_SEEK;
    }
    switch (mme_stream_place(d.next_seq, segment.sequence, bytes, &seen)) {
      case MME_PLACE_FAR:
        account_skipped(MME_SKIP_OUT_OF_WINDOW, bytes, 0);
        return false;
      case MME_PLACE_OLD:
        account_skipped(MME_SKIP_DUPLICATE, bytes, 0);
        return false;
      case MME_PLACE_AHEAD:
        if (is_ingress(segment.is_request)) {
          park(segment);
          return false;
        }
        jump(d, segment.sequence);
        break;
      case MME_PLACE_NEXT:
        break;
    }
    d.next_seq = segment.sequence + bytes;
    return true;
  }

  bool drain_one() {
    const bool is_request = mme_is_request(connection_.role, 1) != 0;
    const uint32_t next = direction(is_request).next_seq;
    const auto found = std::find_if(parked_.begin(), parked_.end(), [next](const auto& parked) {
      return static_cast<int32_t>(next - parked.first) >= 0;
    });
    if (found == parked_.end()) return false;
    const Parked parked = found->second;
    const auto bytes = static_cast<uint32_t>(parked.bytes.size());
    const uint32_t behind = std::min(next - found->first, bytes);
    parked_.erase(found);
    connection_.ingress -= bytes << MME_INGRESS_PARKED_SHIFT;
    account_skipped(MME_SKIP_DUPLICATE, behind, 0);
    Work work = begin(is_request, std::string_view(parked.bytes).substr(behind), parked.arrived_ns);
    work.direction.next_seq = next + bytes - behind;
    parse(work);
    return true;
  }

  void observe(const Segment& segment) {
    account_.bytes_seen += segment.bytes.size();
    mme_direction& d = direction(segment.is_request);
    uint32_t seen = 0;
    if (segment.urgent && d.sync != MME_SYNC_OPAQUE) {
      d.sync = MME_SYNC_OPAQUE;
      d.reason = MME_SKIP_URGENT;
      account_skipped(MME_SKIP_URGENT, 0, 1);
    }
    if (segment.is_request && connection_.reply.sync == MME_SYNC_OPAQUE &&
        connection_.reply.reason == MME_SKIP_UPGRADED) {
      account_skipped(MME_SKIP_UPGRADED, segment.bytes.size(), 0);
      return;
    }
    if (d.sync == MME_SYNC_OPAQUE) {
      account_skipped(d.reason, segment.bytes.size(), 0);
      return;
    }
    if (!claim(d, segment, seen)) return;
    if (seen) account_skipped(MME_SKIP_DUPLICATE, seen, 0);
    const std::string_view fresh = segment.bytes.substr(seen);
    Work work = begin(segment.is_request, fresh, segment.now_ns);
    if (segment.is_request && is_ingress(true) && at_message_start(work.direction)) {
      connection_.start_seq = segment.sequence + seen;
      connection_.start_count = work.direction.count;
    }
    parse(work);
    if (!is_ingress(segment.is_request) || !mme_connection_parked(&connection_)) return;
    for (int i = 0; i < kDrain && drain_one(); i++) continue;
  }

  void parse(Work& work) {
    if (work.direction.sync == MME_SYNC_SEEK && !try_lock(work)) {
      account_skipped(MME_SKIP_UNSYNCED, work.bytes.size(), 0);
      direction(work.is_request) = work.direction;
      return;
    }
    if (work.direction.sync == MME_SYNC_OPAQUE) {
      walk_end(work, Walk::kDone);
      return;
    }
    resume_names(work);
    walk_end(work, walk(work));
  }

  void end_stream(bool is_request, uint32_t fin_seq, uint64_t now_ns) {
    if (is_mongo() || is_request) return;
    const mme_direction& d = connection_.reply;
    if (d.sync != MME_SYNC_LOCKED || d.http.phase != MME_HTTP1_UNTIL_CLOSE || d.next_seq != fin_seq) return;
    Work work = begin(false, {}, now_ns);
    if (mme_http1_close(&work.direction.http) == MME_STEP_MESSAGE) http_reply_step(work);
    connection_.reply = work.direction;
  }

  mme_connection connection_{};
  mme_account account_{};
  uint64_t messages_ = 0;
  mme_route_head request_head_{};
  mme_route_head reply_head_{};
  std::vector<mme_route_head> heads_;
  std::vector<mme_sample> samples_;
  std::map<uint32_t, mme_pending> overflow_;
  std::map<uint64_t, mme_cursor> cursors_;
  std::map<uint32_t, Parked> parked_;
  std::map<uint64_t, std::string> names_;
  mme_name cut_name_{};
};

}  // namespace mme::test

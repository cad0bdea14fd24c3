/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* One connection: its two directions, and how replies find their requests.
 *
 * HTTP/1 answers in order, so a request's id is its ordinal; MongoDB names the request in the reply. The usual single
 * outstanding request waits inside the connection; more wait in a table of the caller's, keyed by (connection, id).
 * Only the request direction fills the inline place and only the reply direction empties it, so the two directions may
 * run at the same time on two CPUs. */
#ifndef MME_EXCHANGE_H
#define MME_EXCHANGE_H

#include "abi.h"
#include "http1.h"
#include "mongo.h"
#include "stream.h"

enum mme_sync {
	MME_SYNC_NONE = 0, /* no sequence number known yet */
	MME_SYNC_SEEK,	   /* in sequence, looking for a strict message start at a segment's start */
	MME_SYNC_LOCKED,   /* every byte since a message start was seen */
	MME_SYNC_OPAQUE,   /* given up for good; `reason` says why */
};

struct mme_direction {
	__u32 next_seq;
	__u8 sync;   /* enum mme_sync */
	__u8 reason; /* OPAQUE: enum mme_skip */
	__u16 count; /* request: HTTP requests begun; reply: HTTP replies ended */
	union {
		struct mme_http1 http;
		struct mme_mongo mongo;
	};
};
MME_ASSERT_SIZE(struct mme_direction, 56);

enum mme_pending_flag {
	MME_PENDING_USED = 1 << 0,
	MME_PENDING_AWAITED = 1 << 1,
	MME_PENDING_AWAIT_CURSOR = 1 << 2,
	MME_PENDING_CHUNKED = 1 << 3,  /* HTTP: the size of the request's body is known at its end only */
	MME_PENDING_STREAMED = 1 << 4, /* MongoDB: stands for a request that one reply after the other answers */
};

/* A request that waits for its reply. */
struct mme_pending {
	__u64 started_ns;
	__u64 request_bytes;
	__u64 name[2]; /* MongoDB: hashes of database and collection; HTTP: see MME_ROUTE_BITS, 0 */
	__u32 id;      /* HTTP: ordinal on the connection; MongoDB: requestID */
	__u16 label;   /* HTTP: enum mme_http_protocol; MongoDB: enum mme_mongo_command */
	__u8 method;   /* HTTP: enum mme_http_method; MongoDB: enum mme_mongo_command that opened the cursor */
	__u8 flags;    /* enum mme_pending_flag */
};
MME_ASSERT_SIZE(struct mme_pending, 40);

enum mme_connection_flag {
	MME_CONNECTION_PASSIVE = 1 << 0, /* accepted; else opened, or older than the agent */
	MME_CONNECTION_ACTIVE = 1 << 1,
	MME_CONNECTION_COUNTED = 1 << 2, /* its close will be seen and uncounts it */
	MME_CONNECTION_CLOSED = 1 << 3,
	MME_CONNECTION_FIN = 1 << 4,   /* of an upstream: its last byte is the one before start_seq */
	MME_CONNECTION_RESET = 1 << 5, /* by the other side */
	MME_CONNECTION_WORKS = 1 << 6, /* to a mongod: has carried more than handshakes */
};

/* The value of the connections map (sk_storage). The kernel puts it 8 bytes behind the start of a cache line, and a
 * packet finds it cold: a request of HTTP touches the first two lines, a reply the first and the third. */
struct mme_connection {
	__u32 ingress; /* low byte: CPUs that parse, or try to parse, this direction, see claim_ingress(); above: its
			  bytes that wait for the bytes in front of them */
	__u16 target;
	__u8 role;	   /* enum mme_role */
	__u8 flags;	   /* enum mme_connection_flag */
	__u32 start_seq;   /* of the latest ingress segment that began with a request; or see MME_CONNECTION_FIN */
	__u16 start_count; /* request.count at start_seq */
	__u8 left;	   /* of an upstream: 1 when Traefik has closed its end; it reads no more */
	__u8 peer;	   /* to a mongod: enum mme_mongo_peer */
	struct mme_pending pending;
	struct mme_direction request;
	__u64 request_started_ns; /* of an upstream without a request yet: when it began to connect */
	struct mme_direction reply;
	__u64 request_name[2]; /* of a MongoDB request that its segment's end cut */
};
MME_ASSERT_SIZE(struct mme_connection, 192);

#define MME_INGRESS_USERS 0xffu
#define MME_INGRESS_PARKED_SHIFT 8
#define MME_INGRESS_PARKED_MAX 0xf00000u /* what is above it is below 0 */

/* Bytes that wait. A piece may be taken by another CPU before it is counted: the count is below 0 for that moment. */
MME_INLINE __u32 mme_connection_parked(const struct mme_connection *c)
{
	const __u32 bytes = c->ingress >> MME_INGRESS_PARKED_SHIFT;

	return bytes > MME_INGRESS_PARKED_MAX ? 0 : bytes;
}

enum mme_sample_kind {
	MME_SAMPLE_NONE = 0,
	MME_SAMPLE_LATENCY,
	MME_SAMPLE_AWAITED,	   /* held back by design: counted, never in a histogram */
	MME_SAMPLE_UNACKNOWLEDGED, /* no reply will come */
};

/* One finished exchange. Of `key`, target and the address parts are the caller's to fill in. */
struct mme_sample {
	struct mme_series_key key;
	__u64 duration_ns;
	__u64 request_bytes;
	__u64 response_bytes;
	__u64 first_byte_ns;			  /* HTTP: of the reply, as duration_ns */
	__u32 error_codes[MME_MONGO_ERROR_KINDS]; /* MongoDB */
	__u8 kind;				  /* enum mme_sample_kind */
	__u8 errors;				  /* MongoDB: bit per enum mme_mongo_error_kind */
	__u8 cursor;				  /* enum mme_cursor_flag */
	__u8 origin;				  /* of a cursor: enum mme_mongo_command that opened it */
	__u32 documents;			  /* of the batch; or cursors that were killed */
	__u64 cursor_id;			  /* where the cursor is open */
};

/* A lost reply stream goes on: the ordinal of the request that it answers. Without pipelining that is the latest one;
 * what waited before it is lost. When none waits, the reply is to a request that nobody saw, and the next one comes
 * next. */
MME_INLINE __u16 mme_http_resumed_ordinal(struct mme_connection *c)
{
	const __u16 latest = (__u16)(c->request.count - 1);

	if (!(c->pending.flags & MME_PENDING_USED))
		return c->request.count;
	if (c->pending.id != latest)
		c->pending.flags = 0;
	return latest;
}

/* A reply ends, and request `ordinal`, which it answers, is not known. Where one was begun it had to make room for
 * later ones, and the next reply answers the next. Else nobody saw it. */
MME_INLINE __u16 mme_http_unknown_answered(const struct mme_connection *c, __u16 ordinal)
{
	return (__s16)(c->request.count - ordinal) > 0 ? (__u16)(ordinal + 1) : ordinal;
}

/* Whether a stream that could not be read for `reason` is taken up again at a strict message start. HTTP servers and
 * proxies forgive what this parser does not, and such a connection may live for hours; mongod forgives nothing, but a
 * connection that is older than the agent may have been taken up at the wrong place. */
MME_INLINE int mme_connection_seeks(const struct mme_connection *c, __u8 reason)
{
	if (c->role == MME_ROLE_MONGOD)
		return reason == MME_SKIP_MALFORMED && !(c->flags & MME_CONNECTION_PASSIVE);
	return reason == MME_SKIP_MALFORMED || reason == MME_SKIP_HEAD_TOO_LONG;
}

/* TCP rejected the segment at `sequence` after it was parsed, so this one brings the real bytes. Forgets the requests
 * that it began. Returns 0 when it began in the middle of a message, which cannot be taken back. */
MME_INLINE int mme_connection_take_back(struct mme_connection *c, __u32 sequence)
{
	if (c->role == MME_ROLE_UPSTREAM || c->request.sync != MME_SYNC_LOCKED || c->start_seq != sequence)
		return 0;
	if (c->role == MME_ROLE_MONGOD) {
		mme_mongo_number(&c->request.mongo, MME_MONGO_START);
	} else {
		c->request.http.phase = MME_HTTP1_START;
		c->request.count = c->start_count;
		if ((__s16)((__u16)c->pending.id - c->start_count) >= 0)
			c->pending.flags = 0;
	}
	return 1;
}

/* Bytes of a segment that may be parsed while another one is looked at: one skb may hold 64 KiB and more. */
#define MME_SEGMENT_SLACK (1u << 17)

/* Whether the `bytes` at `sequence`, ahead of what was parsed, lie within the body of the message that now arrives. */
MME_INLINE int mme_connection_in_body(const struct mme_connection *c, const struct mme_direction *d, __u32 sequence,
				      __u32 bytes)
{
	const __u64 body = c->role == MME_ROLE_MONGOD ? mme_mongo_skippable(&d->mongo) : mme_http1_skippable(&d->http);

	return d->sync == MME_SYNC_LOCKED && (__u64)(sequence - d->next_seq) + bytes + MME_SEGMENT_SLACK <= body;
}

/* HTTP requests whose head has come and whose reply has not ended; of a connection to mongod 1 while it waits for a
 * reply that is not held back by design. None where that end cannot be seen: replies whose
 * place was lost, and what is HTTP no more. One that is older than the agent has no place yet (MME_SYNC_NONE) until its
 * first reply. May run beside both directions. */
MME_INLINE __u16 mme_connection_in_flight(const struct mme_connection *c)
{
	const __u16 outstanding = (__u16)(c->request.count - c->reply.count);

	if (c->flags & MME_CONNECTION_CLOSED || c->left)
		return 0;
	if (c->role == MME_ROLE_MONGOD)
		return (c->pending.flags & MME_PENDING_USED) && !(c->pending.flags & MME_PENDING_AWAITED);
	if (c->role != MME_ROLE_ENTRYPOINT && c->role != MME_ROLE_UPSTREAM)
		return 0;
	if (c->reply.sync != MME_SYNC_LOCKED && c->reply.sync != MME_SYNC_NONE)
		return 0;
	return outstanding >> 15 ? 0 : outstanding; /* between the two reads one may have come and gone */
}

/* Both directions begin with their first message. */
MME_INLINE void mme_connection_start(struct mme_connection *c)
{
	if (c->role == MME_ROLE_MONGOD)
		c->reply.mongo.flags = MME_MONGO_IS_REPLY;
	else
		c->reply.http.flags = MME_HTTP1_IS_REPLY;
}

MME_INLINE int mme_role_is_http(__u8 role)
{
	return role == MME_ROLE_ENTRYPOINT || role == MME_ROLE_UPSTREAM;
}

/* Servers receive requests; Traefik's own connections to upstreams send them. */
MME_INLINE int mme_is_request(__u8 role, int ingress)
{
	return (role == MME_ROLE_UPSTREAM) != (ingress != 0);
}

/* A message start that cannot be mistaken, at a segment's start: where a stream that was lost may be taken up again. */
MME_INLINE int mme_http1_strict_start(const struct mme_window *window, int is_reply)
{
	const __u64 word = mme_window_load64(window, 0);
	__u32 blank = 0;
	__u8 next;

	if (window->length < 16)
		return 0;
	if (is_reply)
		return word == MME_PACKED_HTTP11 || word == MME_PACKED_HTTP10;
	for (__u32 i = 3; i < 8; i++) /* PUT … OPTIONS and CONNECT */
		if (!blank && ((word >> (8 * i)) & 0xff) == ' ')
			blank = i;
	if (!blank || mme_http1_method(word & ((1ull << (8 * blank)) - 1), (__u8)blank) == MME_METHOD_EXTENSION)
		return 0;
	next = mme_window_byte(window, blank + 1);
	return next == '/' || next == '*' || next == 'h' || (word & 0xff) == 'C';
}

MME_INLINE int mme_mongo_strict_start(const struct mme_window *window, int is_reply)
{
	const __u64 start = mme_window_load64(window, 0);
	const __u64 header = mme_window_load64(window, 8);
	const __u32 response_to = (__u32)header, opcode = (__u32)(header >> 32);

	if (window->length < 16 || !mme_mongo_plausible_length((__u32)start) || (response_to != 0) != (is_reply != 0))
		return 0;
	return opcode == MME_OP_MSG || opcode == MME_OP_COMPRESSED ||
	       opcode == (is_reply ? (__u32)MME_OP_REPLY : (__u32)MME_OP_QUERY);
}

/* Puts a request into the inline place. Returns 0 when that is taken: the caller keeps it elsewhere. */
MME_INLINE int mme_pending_put(struct mme_pending *place, const struct mme_pending *request)
{
	if (place->flags & MME_PENDING_USED)
		return 0;
	*place = *request;
	mme_barrier(); /* the reply direction reads the rest once it sees USED */
	place->flags = request->flags | MME_PENDING_USED;
	return 1;
}

/* Takes the request `id` out of the inline place. Returns 0 when it is not there. */
MME_INLINE int mme_pending_take(struct mme_pending *place, __u32 id, struct mme_pending *request)
{
	if (!(place->flags & MME_PENDING_USED) || place->id != id)
		return 0;
	*request = *place;
	mme_barrier();
	place->flags = 0;
	return 1;
}

/* Of an HTTP request, in `name[0]` of struct mme_pending: its route in the low bits, above them the time to the reply's
 * first byte in nanoseconds, which has room for three days. */
#define MME_ROUTE_BITS 16

/* The reply to `request` begins; an interim one is followed by another. */
MME_INLINE void mme_http_first_byte(struct mme_pending *request, __u64 now_ns)
{
	request->name[0] = (__u16)request->name[0] | (now_ns - request->started_ns) << MME_ROUTE_BITS;
}

/* A request's head is complete. */
MME_INLINE void mme_http_request(const struct mme_http1 *p, const struct mme_route_head *head, __u8 role,
				 __u64 started_ns, __u16 ordinal, struct mme_pending *request)
{
	request->started_ns = started_ns;
	request->request_bytes = p->flags & MME_HTTP1_CHUNKED ? 0 : p->remaining;
	request->name[0] = role == MME_ROLE_UPSTREAM && !(head->flags & (MME_ROUTE_FORWARDED | MME_ROUTE_LOST))
			       ? MME_ROUTE_OWN
			       : MME_ROUTE_NONE;
	request->name[1] = 0;
	request->id = ordinal;
	request->label = mme_http1_protocol(p);
	request->method = p->method;
	request->flags = p->phase == MME_HTTP1_CHUNK_SIZE ? MME_PENDING_CHUNKED : 0;
}

/* The reply to request `ordinal` is complete while the body of that request still arrives: it counts as far as it has
 * come, as in Traefik. A next request may have begun since; then the body was complete and is known. */
MME_INLINE void mme_http_early(const struct mme_connection *c, __u16 ordinal, struct mme_pending *request)
{
	const struct mme_http1 *p = &c->request.http;

	if ((__u16)(c->request.count - 1) != ordinal)
		return;
	if (p->phase == MME_HTTP1_BODY || (p->phase >= MME_HTTP1_CHUNK_SIZE && p->phase <= MME_HTTP1_TRAILER_END))
		request->request_bytes = p->body_bytes;
}

/* The reply to `request` is complete. */
MME_INLINE void mme_http_sample(const struct mme_http1 *p, const struct mme_pending *request, __u8 role, __u64 now_ns,
				struct mme_sample *sample)
{
	sample->kind = MME_SAMPLE_LATENCY;
	sample->key.family = role == MME_ROLE_ENTRYPOINT ? MME_FAMILY_ENTRYPOINT : MME_FAMILY_UPSTREAM;
	sample->key.variant = (__u8)request->label;
	sample->key.code = p->code;
	sample->key.method = request->method;
	sample->key.route = (__u16)request->name[0];
	sample->duration_ns = now_ns - request->started_ns;
	sample->first_byte_ns = request->name[0] >> MME_ROUTE_BITS;
	sample->request_bytes = request->request_bytes;
	sample->response_bytes = p->body_bytes;
	sample->errors = 0;
}

MME_INLINE int mme_mongo_is_hello(__u16 command)
{
	return command == MME_COMMAND_hello || command == MME_COMMAND_isMaster;
}

/* A request of this command has come. Written once: other directions write flags too. */
MME_INLINE void mme_mongo_works(struct mme_connection *c, __u16 command)
{
	if (!mme_mongo_is_hello(command) && !(c->flags & MME_CONNECTION_WORKS))
		c->flags |= MME_CONNECTION_WORKS;
}

MME_INLINE int mme_mongo_members_only(__u16 command)
{
	return command == MME_COMMAND_replSetHeartbeat || command == MME_COMMAND_replSetUpdatePosition ||
	       command == MME_COMMAND_replSetRequestVotes || command == MME_COMMAND_replSetGetRBID ||
	       command == MME_COMMAND_voteCommitIndexBuild || command == MME_COMMAND_voteAbortIndexBuild;
}

/* The peer of a connection that was `peer` before this request. Members use a connection for themselves or not at all.
 * Of what a mongos may forward it is told by these commands, by the database `local`, which a mongos does not read, and
 * by mirrored reads (https://www.mongodb.com/docs/manual/replication/#mirrored-reads), which want no reply; a mongos
 * says that of killCursors alone. */
MME_INLINE __u8 mme_mongo_peer(__u8 peer, const struct mme_mongo *p, const struct mme_mongo_names *names, __u16 command)
{
	const int mirrored = p->flags & MME_MONGO_MORE_TO_COME && command != MME_COMMAND_killCursors;

	if (mme_mongo_members_only(command))
		return MME_PEER_MEMBER;
	if (peer == MME_PEER_INTERNAL)
		return mirrored || names->hash[0] == MME_HASH_LOCAL ? (__u8)MME_PEER_MEMBER : peer;
	return p->flags & MME_MONGO_INTERNAL_CLIENT && peer == MME_PEER_CLIENT ? (__u8)MME_PEER_INTERNAL : peer;
}

/* Whether the exchange is the set's own. What a mongos forwards is its client's, but not how it connects. */
MME_INLINE int mme_mongo_is_replication(__u8 peer, __u16 command)
{
	if (peer != MME_PEER_INTERNAL)
		return peer == MME_PEER_MEMBER;
	return mme_mongo_is_hello(command) || command == MME_COMMAND_ping || command == MME_COMMAND_saslStart ||
	       command == MME_COMMAND_saslContinue || command == MME_COMMAND_authenticate;
}

/* Where struct mme_mongo_counts of `command` is; `key` is that of the exchange which is counted. */
MME_INLINE __u32 mme_mongo_counts_index(const struct mme_series_key *key, __u32 command)
{
	return mme_mongo_is_replication(key->method, key->code) ? MME_MONGO_COMMAND_COUNT + command : command;
}

/* A MongoDB request of this command is complete. Returns 1 when a reply is to be expected. */
MME_INLINE int mme_mongo_request(const struct mme_mongo *p, const struct mme_mongo_names *names, __u16 command,
				 __u64 started_ns, struct mme_pending *request)
{
	request->started_ns = started_ns;
	request->request_bytes = p->length;
	request->name[0] = names->hash[0];
	request->name[1] =
	    command == MME_COMMAND_getMore || mme_mongo_command_has_collection(command) ? names->hash[1] : 0;
	request->id = p->id;
	request->label = command;
	request->method = (__u8)command;
	request->flags = 0;
	if (p->flags & (MME_MONGO_AWAITED | MME_MONGO_EXHAUST_ALLOWED))
		request->flags |= MME_PENDING_AWAITED;
	if (p->flags & MME_MONGO_AWAIT_CURSOR)
		request->flags |= MME_PENDING_AWAIT_CURSOR;
	return !(p->flags & MME_MONGO_MORE_TO_COME);
}

/* `cursor`: enum mme_cursor_flag. The batch is the first of several; the last of several. */
MME_INLINE int mme_cursor_begins(__u8 cursor)
{
	return (cursor & (MME_CURSOR_OPEN | MME_CURSOR_CONTINUED)) == MME_CURSOR_OPEN;
}

MME_INLINE int mme_cursor_ends(__u8 cursor)
{
	return (cursor & (MME_CURSOR_OPEN | MME_CURSOR_CONTINUED)) == MME_CURSOR_CONTINUED;
}

/* What a reply with MME_MONGO_HAS_CURSOR says of a cursor that `origin` opened; `sample` has the command. */
MME_INLINE void mme_mongo_cursor_sample(const struct mme_mongo *reply, __u8 origin, struct mme_sample *sample)
{
	const __u16 command = sample->key.code;

	if (reply->flags & (MME_MONGO_ERROR | MME_MONGO_WRITE_ERROR))
		return;
	sample->origin = origin;
	sample->documents = reply->documents;
	if (command == MME_COMMAND_killCursors) {
		sample->cursor = MME_CURSOR_KILLED;
		return;
	}
	sample->cursor = MME_CURSOR_BATCH | (command == MME_COMMAND_getMore ? MME_CURSOR_CONTINUED : 0);
	if (!(reply->flags & MME_MONGO_CURSOR_OPEN))
		return;
	sample->cursor |= MME_CURSOR_OPEN;
	sample->cursor_id = reply->cursor;
}

/* An exchange of MongoDB ends: by its reply, or at once when none will come (`reply` is null). `sample` begins as all
 * zero but for the key's target and method. What the reply says of a cursor is mme_mongo_cursor_sample()'s. */
MME_INLINE void mme_mongo_sample(const struct mme_mongo *reply, const struct mme_pending *request, __u64 now_ns,
				 struct mme_sample *sample)
{
	sample->kind = MME_SAMPLE_LATENCY;
	sample->key.family = MME_FAMILY_MONGO;
	sample->key.variant = MME_OUTCOME_OK;
	sample->key.code = request->label;
	sample->key.name[0] = request->name[0];
	sample->key.name[1] = request->name[1];
	sample->duration_ns = now_ns - request->started_ns;
	sample->request_bytes = request->request_bytes;
	sample->response_bytes = 0;
	sample->errors = 0;
	if (!reply) {
		sample->kind = MME_SAMPLE_UNACKNOWLEDGED;
		return;
	}
	sample->response_bytes = reply->length;
	if (reply->flags & MME_MONGO_ERROR) {
		sample->key.variant = MME_OUTCOME_ERROR;
		sample->errors = 1 << MME_MONGO_ERROR_COMMAND;
		sample->error_codes[MME_MONGO_ERROR_COMMAND] = reply->code;
	} else if (reply->flags & MME_MONGO_WRITE_ERROR) {
		sample->errors = 1 << MME_MONGO_ERROR_WRITE;
		sample->error_codes[MME_MONGO_ERROR_WRITE] = reply->code;
	}
	if (reply->flags & MME_MONGO_WRITE_CONCERN_ERROR) {
		sample->errors |= 1 << MME_MONGO_ERROR_WRITE_CONCERN;
		sample->error_codes[MME_MONGO_ERROR_WRITE_CONCERN] = reply->write_concern_code;
	}
	if (request->flags & MME_PENDING_AWAITED)
		sample->kind = MME_SAMPLE_AWAITED;
}

/* A reply that nobody asked for continues the stream of `reply->command`, and says whether it is the last one; of a
 * compressed one nobody in the kernel knows. `request` then stands for the one that began it. */
MME_INLINE void mme_mongo_streamed(struct mme_mongo *reply, struct mme_pending *request, struct mme_sample *sample)
{
	request->label = reply->command;
	request->method = reply->origin;
	request->flags = MME_PENDING_AWAITED | MME_PENDING_STREAMED;
	sample->kind = MME_SAMPLE_AWAITED;
	sample->key.family = MME_FAMILY_MONGO;
	sample->key.code = reply->command;
	sample->response_bytes = reply->length;
	if (!(reply->flags & (MME_MONGO_MORE_TO_COME | MME_MONGO_COMPRESSED)))
		reply->command = MME_COMMAND_other;
}

/* A reply to `request` with moreToCome is followed by more that nobody asks for; `reply` remembers whose. */
MME_INLINE void mme_mongo_replied(struct mme_mongo *reply, const struct mme_pending *request)
{
	reply->command = reply->flags & (MME_MONGO_MORE_TO_COME | MME_MONGO_COMPRESSED) ? (__u8)request->label
											: (__u8)MME_COMMAND_other;
	reply->origin = request->method;
}

#endif

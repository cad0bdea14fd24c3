/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What follows from a complete head or message: requests are kept, replies find them and are recorded. */
#ifndef MME_PAIR_BPF_H
#define MME_PAIR_BPF_H

#include "accounts.bpf.h"
#include "capture.bpf.h"
#include "connections.bpf.h"
#include "names.bpf.h"
#include "pending.bpf.h"
#include "record.bpf.h"
#include "route.bpf.h"

/* `ctx` is the program's context, for the socket's cookie. */
static __always_inline void keep_request(void *ctx, struct mme_connection *c, struct mme_scratch *s, int inline_allowed)
{
	struct mme_pending_key key = {};

	if (inline_allowed && mme_pending_put(&c->pending, &s->request))
		return;
	key.cookie = bpf_get_socket_cookie(ctx);
	key.id = s->request.id;
	if (bpf_map_update_elem(&pending, &key, &s->request, BPF_ANY))
		account_skipped(s->role, MME_SKIP_PENDING_FULL, 0, 1);
}

/* Moves the request `id` into s->request; 0 when it is not known. */
static __always_inline int take_request(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 id)
{
	struct mme_pending_key key = {};
	struct mme_pending *kept;

	if (mme_pending_take(&c->pending, id, &s->request))
		return 1;
	key.cookie = bpf_get_socket_cookie(ctx);
	key.id = id;
	kept = bpf_map_lookup_elem(&pending, &key);
	if (!kept)
		return 0;
	s->request = *kept;
	bpf_map_delete_elem(&pending, &key);
	return 1;
}

static __always_inline void start_sample(struct mme_scratch *s, const struct mme_connection *c)
{
	__builtin_memset(&s->sample, 0, sizeof(s->sample));
	s->sample.key.target = s->target;
	if (s->role == MME_ROLE_MONGOD) {
		s->sample.key.method = c->peer;
		return;
	}
	s->sample.key.port = s->port;
	s->sample.key.name[0] = s->peer[0];
	s->sample.key.name[1] = s->peer[1];
}

static __always_inline void http_request_step(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
					      __u8 from_parked, int step)
{
	struct mme_http1 *p = &s->direction.http;
	struct mme_pending_key key = {};
	struct mme_pending *kept;
	__u32 id;

	if (step == MME_STEP_HEAD) {
		mme_http_request(p, &s->head, s->role, c->request_started_ns, s->direction.count, &s->request);
		if (s->role == MME_ROLE_ENTRYPOINT)
			s->request.name[0] = find_route(ctx, s, slot, from_parked);
		s->direction.count++;
		keep_request(ctx, c, s, 1);
		return;
	}
	if (!(p->flags & MME_HTTP1_CHUNKED))
		return;
	/* only now is the size of a chunked body known */
	id = (__u16)(s->direction.count - 1);
	if ((c->pending.flags & MME_PENDING_USED) && c->pending.id == id) {
		c->pending.request_bytes = p->body_bytes;
		return;
	}
	key.cookie = bpf_get_socket_cookie(ctx);
	key.id = id;
	kept = bpf_map_lookup_elem(&pending, &key);
	if (kept)
		kept->request_bytes = p->body_bytes;
}

/* The method decides whether the reply has a body. */
static __always_inline void http_reply_start(void *ctx, struct mme_connection *c, struct mme_scratch *s)
{
	struct mme_pending_key key = {};
	struct mme_pending *kept;

	s->direction.http.method = MME_METHOD_GET;
	if (c->pending.flags & MME_PENDING_USED && c->pending.id == s->direction.count) {
		s->direction.http.method = c->pending.method;
		mme_http_first_byte(&c->pending, s->now_ns);
	} else if (c->request.count != s->direction.count) {
		key.cookie = bpf_get_socket_cookie(ctx);
		key.id = s->direction.count;
		kept = bpf_map_lookup_elem(&pending, &key);
		if (!kept)
			return;
		s->direction.http.method = kept->method;
		mme_http_first_byte(kept, s->now_ns);
	}
}

static __always_inline void http_reply_step(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot)
{
	if (!take_request(ctx, c, s, s->direction.count)) {
		account_skipped(s->role, MME_SKIP_NO_REQUEST, 0, 1);
		s->direction.count = mme_http_unknown_answered(c, s->direction.count);
	} else {
		mme_http_early(c, s->direction.count, &s->request);
		s->direction.count++;
		if (c->left) {
			account_skipped(s->role, MME_SKIP_NO_REPLY, 0, 1);
			return;
		}
		start_sample(s, c);
		mme_http_sample(&s->direction.http, &s->request, s->role, s->now_ns, &s->sample);
		if (s->sample.key.route == MME_ROUTE_ASKED)
			s->cookie = bpf_get_socket_cookie(ctx);
		record(slot);
		if (s->sample.first_byte_ns && s->sample.first_byte_ns != s->sample.duration_ns)
			record_first_byte(slot);
	}
	if (s->direction.http.phase == MME_HTTP1_UPGRADED) {
		s->direction.sync = MME_SYNC_OPAQUE;
		s->direction.reason = MME_SKIP_UPGRADED;
	}
}

/* A function of its own: the verifier follows every branch of the search, once. */
__noinline __weak int command_id(__u32 hash)
{
	return mme_mongo_command_id(hash);
}

/* A getMore: of what cursor? */
__noinline __weak int find_cursor(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_cursor *cursor;
	__u64 id;

	if (!s)
		return 0;
	id = s->direction.mongo.cursor;
	cursor = bpf_map_lookup_elem(&cursors, &id);
	if (!cursor)
		return 0;
	s->request.method = cursor->command;
	if (cursor->awaits)
		s->request.flags |= MME_PENDING_AWAITED;
	return 0;
}

/* Who sends this request? Only requests tell and write it. */
__noinline __weak int peer_of(__u32 slot, __u8 peer, __u16 command)
{
	const struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	return s ? mme_mongo_peer(peer, &s->direction.mongo, &s->names, command) : peer;
}

static __always_inline void mongo_request_step(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot)
{
	struct mme_mongo *p = &s->direction.mongo;
	const __u16 command =
	    p->flags & MME_MONGO_COMPRESSED ? MME_COMMAND_compressed : (__u16)command_id(p->command_hash);
	int expects_reply;

	if (s->names.complete[0])
		remember_name(s->names.hash[0], &s->names.text[0]);
	if (s->names.complete[1])
		remember_name(s->names.hash[1], &s->names.text[1]);
	if (p->flags & MME_MONGO_BROKEN)
		account_skipped(s->role, MME_SKIP_MALFORMED, 0, 1);
	mme_mongo_works(c, command);
	c->peer = (__u8)peer_of(slot, c->peer, command);
	expects_reply = mme_mongo_request(p, &s->names, command, c->request_started_ns, &s->request);
	if (command == MME_COMMAND_getMore)
		find_cursor(slot);
	if (expects_reply) {
		/* whether a compressed request wants a reply is not known: it must not block the inline place */
		keep_request(ctx, c, s, !(p->flags & MME_MONGO_COMPRESSED));
		return;
	}
	start_sample(s, c);
	mme_mongo_sample(0, &s->request, s->now_ns, &s->sample);
	record(slot);
}

/* The reply, to a command that is in the sample, tells of a cursor. */
__noinline __weak int note_cursor(__u32 slot, __u8 origin)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_cursor cursor = {};
	__u64 id;

	if (!s)
		return 0;
	mme_mongo_cursor_sample(&s->direction.mongo, origin, &s->sample);
	if (!mme_cursor_begins(s->sample.cursor))
		return 0;
	id = s->sample.cursor_id;
	cursor.command = origin;
	cursor.awaits = !!(s->request.flags & MME_PENDING_AWAIT_CURSOR);
	bpf_map_update_elem(&cursors, &id, &cursor, BPF_ANY);
	return 0;
}

/* The sample of a reply: to the request in the scratch slot, or, where that is not `known`, to one before. */
__noinline __weak int sample_reply(__u32 slot, __u8 known)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_mongo *p;

	if (!s)
		return 0;
	p = &s->direction.mongo;
	if (known) {
		mme_mongo_sample(p, &s->request, s->now_ns, &s->sample);
		mme_mongo_replied(p, &s->request);
	} else {
		mme_mongo_streamed(p, &s->request, &s->sample);
	}
	if (p->flags & MME_MONGO_HAS_CURSOR)
		note_cursor(slot, s->request.method);
	return 0;
}

static __always_inline void mongo_reply_step(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
					     __u8 from_parked)
{
	const struct mme_mongo *p = &s->direction.mongo;
	const int known = take_request(ctx, c, s, p->id);

	if (!known && p->command == MME_COMMAND_other) {
		account_skipped(s->role, MME_SKIP_NO_REQUEST, 0, 1);
		return;
	}
	start_sample(s, c);
	sample_reply(slot, (__u8)known);
	if (from_parked || !tell_command(ctx, slot))
		record(slot);
}

static __always_inline int at_message_start(const struct mme_scratch *s)
{
	if (s->role == MME_ROLE_MONGOD)
		return s->direction.mongo.phase == MME_MONGO_START && !s->direction.mongo.number_bytes;
	return s->direction.http.phase == MME_HTTP1_START;
}

static __always_inline void before_message(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
					   __u8 from_parked)
{
	if (!at_message_start(s))
		return;
	s->message_at = s->offset - (s->window.length - s->window.position);
	if (s->is_request) {
		c->request_started_ns = s->now_ns;
		s->head_here = !s->from_parked;
		if (s->role == MME_ROLE_MONGOD && !from_parked)
			capture_request(ctx, slot);
	} else if (s->role == MME_ROLE_MONGOD) {
		if (!from_parked)
			capture_reply(ctx, slot);
	} else {
		http_reply_start(ctx, c, s);
	}
}

static __always_inline void after_step(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
				       __u8 from_parked, int step)
{
	if (s->role == MME_ROLE_MONGOD) {
		if (s->is_request)
			mongo_request_step(ctx, c, s, slot);
		else
			mongo_reply_step(ctx, c, s, slot, from_parked);
	} else if (s->is_request) {
		http_request_step(ctx, c, s, slot, from_parked, step);
	} else {
		http_reply_step(ctx, c, s, slot);
	}
}

#endif

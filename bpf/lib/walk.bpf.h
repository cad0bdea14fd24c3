/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Leads one segment through the parser: window, parse, pair, record, until the segment is used up. */
#ifndef MME_WALK_BPF_H
#define MME_WALK_BPF_H

#include "pair.bpf.h"
#include "window.bpf.h"

enum mme_walk {
	MME_WALK_DONE = 0,
	MME_WALK_MORE, /* the steps of this call are used up */
	MME_WALK_BAD,  /* the parser gave up; its reason is in the direction */
	MME_WALK_LOST, /* bytes were not kept */
};

static __always_inline __u64 skippable(const struct mme_scratch *s)
{
	return s->role == MME_ROLE_MONGOD ? mme_mongo_skippable(&s->direction.mongo)
					  : mme_http1_skippable(&s->direction.http);
}

static __always_inline int skip_bytes(struct mme_scratch *s, __u64 bytes)
{
	return s->role == MME_ROLE_MONGOD ? mme_mongo_skip(&s->direction.mongo, bytes)
					  : mme_http1_skip(&s->direction.http, bytes);
}

/* Body bytes are passed over without being loaded. `from_parked`: from s->key's parked piece, else from the packet. */
static __always_inline int walk(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
				__u8 from_parked, __u32 steps)
{
	for (__u32 i = 0; i < steps; i++) {
		__u64 body = 0;
		__u32 left;
		int step;

		mme_forget_registers();
		left = s->end - s->offset;
		if (s->window.position >= s->window.length) {
			if (!left)
				return MME_WALK_DONE;
			body = skippable(s);
			if (!body && (from_parked ? load_parked(slot) : load_packet(ctx, slot)) != MME_LOAD_OK)
				return MME_WALK_LOST;
		}
		if (body) {
			const __u32 bytes = body < left ? (__u32)body : left;

			s->offset += bytes;
			step = skip_bytes(s, bytes);
		} else {
			before_message(ctx, c, s, slot, from_parked);
			step = s->role == MME_ROLE_MONGOD ? feed_mongo(slot) : feed_http(slot);
		}
		if (step == MME_STEP_BAD)
			return MME_WALK_BAD;
		mme_forget_registers();
		if (step != MME_STEP_MORE)
			after_step(ctx, c, s, slot, from_parked, step);
		if (s->direction.sync == MME_SYNC_OPAQUE)
			return MME_WALK_DONE;
	}
	return s->window.position >= s->window.length && s->offset >= s->end ? MME_WALK_DONE : MME_WALK_MORE;
}

/* Working memory for one segment of one direction. */
static __always_inline void walk_begin(struct mme_connection *c, struct mme_scratch *s, __u8 is_request, __u64 now_ns,
				       __u32 offset, __u32 bytes)
{
	s->is_request = is_request;
	s->role = c->role;
	s->target = c->target;
	s->now_ns = now_ns;
	s->offset = offset;
	s->end = offset + bytes;
	s->bytes = bytes;
	s->window.length = 0;
	s->window.position = 0;
	s->from_parked = 0;
	s->head_here = 0;
	if (is_request)
		s->direction = c->request;
	else
		s->direction = c->reply;
}

static __always_inline void store_direction(struct mme_connection *c, struct mme_scratch *s)
{
	if (s->is_request)
		c->request = s->direction;
	else
		c->reply = s->direction;
}

/* Takes a lost stream up again when this segment begins with a strict message start. */
static __always_inline int try_lock(void *ctx, struct mme_connection *c, struct mme_scratch *s, __u32 slot,
				    __u8 from_parked)
{
	const int is_reply = !s->is_request;
	int strict;

	if ((from_parked ? load_parked(slot) : load_packet(ctx, slot)) != MME_LOAD_OK)
		return 0;
	strict = s->role == MME_ROLE_MONGOD ? mme_mongo_strict_start(&s->window, is_reply)
					    : mme_http1_strict_start(&s->window, is_reply);
	if (!strict)
		return 0;
	if (s->role == MME_ROLE_MONGOD) {
		__builtin_memset(&s->direction.mongo, 0, sizeof(s->direction.mongo));
		s->direction.mongo.flags = is_reply ? MME_MONGO_IS_REPLY : 0;
	} else {
		__builtin_memset(&s->direction.http, 0, sizeof(s->direction.http));
		s->direction.http.flags = is_reply ? MME_HTTP1_IS_REPLY : 0;
		if (is_reply)
			s->direction.count = mme_http_resumed_ordinal(c);
	}
	s->direction.sync = MME_SYNC_LOCKED;
	return 1;
}

/* Restores what a cut message left behind, before its next segment is parsed. */
static __always_inline void resume_names(void *ctx, struct mme_connection *c, struct mme_scratch *s)
{
	struct mme_name *cut;
	__u64 cookie;
	__u32 which;

	if (s->role != MME_ROLE_MONGOD || !s->is_request)
		return;
	if (at_message_start(s))
		return; /* its first byte clears them */
	s->names.complete[0] = 0;
	s->names.complete[1] = 0;
	s->names.hash[0] = c->request_name[0];
	s->names.hash[1] = c->request_name[1];
	s->names.text[0].length = 0;
	s->names.text[1].length = 0;
	if (s->direction.mongo.phase != MME_MONGO_STRING && s->direction.mongo.phase != MME_MONGO_QUERY_DATABASE)
		return;
	which = s->direction.mongo.want == MME_WANT_COLLECTION;
	cookie = bpf_get_socket_cookie(ctx);
	cut = bpf_map_lookup_elem(&cut_names, &cookie);
	if (!cut) {
		s->names.text[which ? 1 : 0].length = MME_NAME_LOST;
		return;
	}
	if (which)
		s->names.text[1] = *cut;
	else
		s->names.text[0] = *cut;
}

/* Keeps what a cut message has shown so far. Names that are whole go to the table at once. */
static __always_inline void suspend_names(void *ctx, struct mme_connection *c, struct mme_scratch *s)
{
	__u64 cookie;

	if (s->role != MME_ROLE_MONGOD || !s->is_request)
		return;
	if (at_message_start(s))
		return;
	c->request_name[0] = s->names.hash[0];
	c->request_name[1] = s->names.hash[1];
	if (s->names.complete[0])
		remember_name(s->names.hash[0], &s->names.text[0]);
	if (s->names.complete[1])
		remember_name(s->names.hash[1], &s->names.text[1]);
	if (s->direction.mongo.phase != MME_MONGO_STRING && s->direction.mongo.phase != MME_MONGO_QUERY_DATABASE)
		return;
	cookie = bpf_get_socket_cookie(ctx);
	if (s->direction.mongo.want == MME_WANT_COLLECTION)
		bpf_map_update_elem(&cut_names, &cookie, &s->names.text[1], BPF_ANY);
	else
		bpf_map_update_elem(&cut_names, &cookie, &s->names.text[0], BPF_ANY);
}

/* Settles a segment after the walk ended with `result`: accounts every byte once, writes the state back. */
static __always_inline void walk_end(void *ctx, struct mme_connection *c, struct mme_scratch *s, int result)
{
	__u32 unread = (s->end - s->offset) + (s->window.length - s->window.position);
	__u8 reason = MME_SKIP_BUDGET;

	if (s->direction.sync == MME_SYNC_OPAQUE) {
		reason = s->direction.reason;
		account_skipped(s->role, reason, unread, 0);
	} else if (result == MME_WALK_BAD) {
		reason = s->role == MME_ROLE_MONGOD ? s->direction.mongo.reason : s->direction.http.reason;
		account_skipped(s->role, reason, unread, 1);
		s->direction.reason = reason;
		s->direction.sync = mme_connection_seeks(c, reason) ? MME_SYNC_SEEK : MME_SYNC_OPAQUE;
	} else if (result != MME_WALK_DONE) {
		account_skipped(s->role, result == MME_WALK_LOST ? MME_SKIP_GAP : MME_SKIP_BUDGET, unread, 1);
		s->direction.sync = MME_SYNC_SEEK; /* goes on at the next strict message start */
	} else {
		unread = 0;
	}
	account_parsed(s->role, s->bytes - unread);
	suspend_names(ctx, c, s);
	suspend_head(ctx, s);
	store_direction(c, s);
}

#endif

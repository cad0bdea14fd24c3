/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where Traefik sends a request: its class decides, or the agent is asked. */
#ifndef MME_ROUTE_BPF_H
#define MME_ROUTE_BPF_H

#include "events.bpf.h"
#include "legs.bpf.h"
#include "routes.bpf.h"
#include "scratch.bpf.h"

static __always_inline void fill_question(const struct mme_scratch *s, struct mme_route_question *question)
{
	question->type = MME_EVENT_QUESTION;
	question->ordinal = s->direction.count;
	question->target = s->target;
	question->cookie = s->cookie;
	question->kind = s->kind;
	question->client[0] = s->client[0];
	question->client[1] = s->client[1];
	question->port = s->port;
	question->path_bytes = s->head.path_bytes;
	question->host_bytes = s->head.host_bytes;
	question->flags = s->head.flags;
	question->method = s->direction.http.method;
	question->head_bytes = 0;
	question->pad = 0;
	__builtin_memcpy(question->path, s->head.key.path, MME_ROUTE_BYTES);
	__builtin_memcpy(question->host, s->head.host, MME_ROUTE_BYTES);
}

/* Asks where the request goes. Returns 0 when the question was lost. */
__noinline __weak int ask(__u32 slot)
{
	const struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_route_question *question;

	if (!s)
		return 0;
	question = bpf_ringbuf_reserve(&events, sizeof(*question), 0);
	if (!question)
		return 0;
	fill_question(s, question);
	bpf_ringbuf_submit(question, 0);
	return 1;
}

static __always_inline int ask_with(struct __sk_buff *skb, const struct mme_scratch *s, __u64 bytes, __u64 room)
{
	struct mme_route_question *question = bpf_ringbuf_reserve(&events, sizeof(*question) + room, 0);

	if (!question)
		return 0;
	fill_question(s, question);
	if (bytes > room)
		bytes = room;
	bytes = bounded_length(bytes, room);
	if (!bpf_skb_load_bytes(skb, s->message_at, question + 1, bytes))
		question->head_bytes = (__u32)bytes;
	bpf_ringbuf_submit(question, 0);
	return 1;
}

/* The same with the request's head, as far as it is in this packet. */
__noinline __weak int ask_with_head(struct __sk_buff *skb, __u32 slot)
{
	const struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	__u64 bytes;

	if (!s)
		return 0;
	bytes = s->end - s->message_at;
	if (bytes <= MME_ROUTE_HEAD_BYTES / 4)
		return ask_with(skb, s, bytes, MME_ROUTE_HEAD_BYTES / 4);
	return ask_with(skb, s, bytes, MME_ROUTE_HEAD_BYTES);
}

/* What the maps say of the request whose head was just parsed: a route as in struct mme_series_key, MME_ROUTE_ASKED
 * where only the agent can say. */
__noinline __weak int known_route(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_route_literal *literal;
	__u16 *route;

	if (!s)
		return MME_ROUTE_NONE;
	s->head.key.target = s->target;
	s->head.key.port = s->port;
	s->head.key.prefix_bits = mme_route_prefix_bits(s->head.path_bytes);
	literal = bpf_map_lookup_elem(&route_literals, &s->head.key);
	if (!literal)
		return MME_ROUTE_NONE;
	mme_route_class_of(&s->head, literal, s->direction.http.method, &s->kind);
	if (!(s->head.flags & MME_ROUTE_ODD)) {
		route = bpf_map_lookup_elem(&route_classes, &s->kind);
		if (route)
			return *route;
	}
	if (!(literal->flags & MME_ROUTE_BY_HEAD) && !(s->head.flags & MME_ROUTE_ODD))
		s->head_here = 0; /* nobody needs it */
	return MME_ROUTE_ASKED;
}

/* `from_parked`: the request is not in the packet of `ctx`. */
static __always_inline __u16 find_route(void *ctx, struct mme_scratch *s, __u32 slot, __u8 from_parked)
{
	const int route = known_route(slot);

	if (route != MME_ROUTE_ASKED)
		return (__u16)route;
	s->cookie = bpf_get_socket_cookie(ctx);
	if (!from_parked && s->head_here ? ask_with_head(ctx, slot) : ask(slot))
		return MME_ROUTE_ASKED;
	count_lost_event();
	return MME_ROUTE_UNKNOWN;
}

static __always_inline void fill_exchange(const struct mme_scratch *s, struct mme_route_exchange *exchange)
{
	exchange->pad = 0;
	exchange->key = s->sample.key;
	exchange->ended_ns = s->now_ns;
	exchange->duration_ns = s->sample.duration_ns;
	exchange->request_bytes = s->sample.request_bytes;
	exchange->response_bytes = s->sample.response_bytes;
}

/* Tells the agent how an exchange ended that it was asked for. Returns 0 when that was lost. */
static __always_inline int tell_exchange(const struct mme_scratch *s)
{
	struct mme_route_exchange *exchange = bpf_ringbuf_reserve(&events, sizeof(*exchange), 0);

	if (!exchange)
		return 0;
	fill_exchange(s, exchange);
	exchange->type = MME_EVENT_EXCHANGE;
	exchange->ordinal = (__u16)s->request.id;
	exchange->cookie = s->cookie;
	bpf_ringbuf_submit(exchange, 0);
	return 1;
}

/* Whether the agent may join the exchange with its other leg. What it was asked for it is told in any case. */
static __always_inline int is_leg(const struct mme_series_key *key)
{
	if (key->family == MME_FAMILY_UPSTREAM)
		return key->route == MME_ROUTE_NONE;
	return key->family == MME_FAMILY_ENTRYPOINT && key->route != MME_ROUTE_NONE && key->route < MME_ROUTE_OTHER;
}

/* Legs can wait until the agent looks; it is woken when they fill a quarter of their ring. */
static __always_inline void tell_leg(const struct mme_scratch *s)
{
	struct mme_route_exchange *leg = bpf_ringbuf_reserve(&legs, sizeof(*leg), 0);
	__u64 waiting;

	if (!leg) {
		count_lost_leg();
		return;
	}
	fill_exchange(s, leg);
	leg->type = MME_EVENT_LEG;
	leg->ordinal = 0;
	leg->cookie = 0;
	waiting = bpf_ringbuf_query(&legs, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(leg, waiting < MME_LEGS_BYTES / 4 ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
}

static __always_inline int in_request_head(const struct mme_scratch *s)
{
	return s->role != MME_ROLE_MONGOD && s->is_request && s->direction.http.phase > MME_HTTP1_START &&
	       s->direction.http.phase <= MME_HTTP1_HEAD_END;
}

/* Restores what a cut head left behind. */
static __always_inline void resume_head(void *ctx, struct mme_scratch *s)
{
	struct mme_route_head *cut;
	__u64 cookie;

	if (!in_request_head(s))
		return;
	cookie = bpf_get_socket_cookie(ctx);
	cut = bpf_map_lookup_elem(&cut_heads, &cookie);
	if (cut) {
		s->head = *cut;
		return;
	}
	mme_route_start(&s->head);
	s->head.flags = MME_ROUTE_ODD | MME_ROUTE_LOST;
}

static __always_inline void suspend_head(void *ctx, struct mme_scratch *s)
{
	__u64 cookie;

	if (!in_request_head(s))
		return;
	cookie = bpf_get_socket_cookie(ctx);
	bpf_map_update_elem(&cut_heads, &cookie, &s->head, BPF_ANY);
}

#endif

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* cgroup_skb on the cgroups of Traefik and mongod: match, window, parse, pair, record. Observes only: returns 1,
 * always.
 *
 * Who writes what: a socket's egress runs one at a time, under the socket's lock. Ingress runs before TCP takes that
 * lock, on any CPU, so its direction is claimed; a segment that finds it claimed waits with the reordered ones and is
 * taken up by the claimant. */
#include "lib/common.bpf.h"
#include "lib/reassembly.bpf.h"
#include "lib/target.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define MME_STEPS_AT_ONCE 6 /* enough for a request or a reply, verified inline */
#define MME_STEPS_A_CALL 8  /* of parse_on() */
#define MME_CALLS 512	    /* in all 4,102 steps: 64 KiB of pipelined requests of 32 bytes */
#define MME_DRAIN 384	    /* calls for the parked pieces that a segment made room for: one takes up most of them */
#define MME_TURNS 8	    /* to take up what was parked at the last moment */
#define MME_TCP_LISTEN 10

/* A hole that will never be filled. Inside a body it does no harm; else the next message start is sought. */
static __always_inline void jump(struct mme_connection *c, struct mme_direction *d, __u32 sequence)
{
	const __u32 hole = sequence - d->next_seq;
	const __u64 body = c->role == MME_ROLE_MONGOD ? mme_mongo_skippable(&d->mongo) : mme_http1_skippable(&d->http);

	d->next_seq = sequence;
	if (d->sync != MME_SYNC_LOCKED)
		return;
	if (body > hole) {
		if (c->role == MME_ROLE_MONGOD)
			mme_mongo_skip(&d->mongo, hole);
		else
			mme_http1_skip(&d->http, hole);
		return;
	}
	d->sync = MME_SYNC_SEEK;
	account_skipped(c->role, MME_SKIP_GAP, 0, 1);
}

/* Keeps an ingress segment that cannot be parsed now. */
__noinline __weak int wait_for_turn(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	struct mme_packet packet;
	__u32 kept, lost;
	int in_body;

	if (!sk || read_packet(skb, &packet) != MME_PACKET_TCP || !packet.payload)
		return 0;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c)
		return 0;
	in_body = mme_connection_in_body(c, mme_is_request(c->role, 1) ? &c->request : &c->reply, packet.sequence,
					 packet.payload);
	kept = park(skb, &packet, c->role, c->target, 0, in_body, &lost);
	__sync_fetch_and_add(&c->ingress, kept << MME_INGRESS_PARKED_SHIFT);
	account_skipped(c->role, MME_SKIP_REORDER, lost, 0);
	return 0;
}

/* How many of the segment's first bytes TCP has. What lies behind them and was parsed nevertheless was of a segment
 * that it rejected (a bad checksum, say), and this one brings the real bytes. */
static __always_inline __u32 taken_by_tcp(struct bpf_sock *sk, const struct mme_packet *packet)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
	__s32 taken;

	if (!tcp)
		return packet->payload;
	taken = (__s32)(tcp->rcv_nxt - packet->sequence);
	return taken < 0 ? 0 : (__u32)taken;
}

/* Whether TCP has taken bytes that were never parsed: the hole before this segment will not be filled. */
static __always_inline int hole_is_final(struct bpf_sock *sk, const struct mme_direction *d)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);

	return tcp && (__s32)(tcp->rcv_nxt - d->next_seq) > 0;
}

/* Whoever finds itself alone after its increment may parse the ingress direction. */
static __always_inline int claim_ingress(struct mme_connection *c)
{
	__sync_fetch_and_add(&c->ingress, 1);
	if ((*(volatile __u32 *)&c->ingress & MME_INGRESS_USERS) == 1)
		return 1;
	__sync_fetch_and_add(&c->ingress, -1);
	return 0;
}

static __always_inline void release_ingress(struct mme_connection *c)
{
	__sync_fetch_and_add(&c->ingress, -1);
}

/* Finds the segment's place in its claimed direction. Returns 1 when it is to be parsed now, and the number of its
 * leading bytes that were seen before. */
static __always_inline int take_place(struct __sk_buff *skb, struct bpf_sock *sk, struct mme_connection *c,
				      struct mme_direction *d, const struct mme_packet *packet, int ingress,
				      __u32 *seen)
{
	__u32 taken = packet->payload;
	enum mme_place place;

	if (d->sync == MME_SYNC_NONE) {
		d->next_seq = packet->sequence;
		d->sync = MME_SYNC_SEEK;
	}
	place = mme_stream_place(d->next_seq, packet->sequence, packet->payload, seen);
	if (place == MME_PLACE_FAR) {
		account_skipped(c->role, MME_SKIP_OUT_OF_WINDOW, packet->payload, 0);
		return 0;
	}
	if (ingress && (place == MME_PLACE_OLD || *seen))
		taken = taken_by_tcp(sk, packet);
	if (taken < packet->payload && mme_connection_take_back(c, packet->sequence + taken)) {
		account_skipped(c->role, MME_SKIP_REJECTED, 0, 1);
		*seen = taken;
	} else if (place == MME_PLACE_OLD) {
		account_skipped(c->role, MME_SKIP_DUPLICATE, packet->payload, 0);
		return 0;
	} else if (place == MME_PLACE_AHEAD) {
		if (ingress && !hole_is_final(sk, d)) {
			wait_for_turn(skb);
			return 0;
		}
		jump(c, d, packet->sequence);
	}
	d->next_seq = packet->sequence + packet->payload;
	return 1;
}

static __always_inline void set_peer(struct mme_scratch *s, const struct mme_packet *packet, __u8 role, int ingress)
{
	s->peer[0] = 0;
	s->peer[1] = 0;
	s->port = ingress ? packet->destination_port : packet->source_port;
	s->client_port = ingress ? packet->source_port : packet->destination_port;
	s->client[0] = ingress ? packet->source[0] : packet->destination[0];
	s->client[1] = ingress ? packet->source[1] : packet->destination[1];
	if (role != MME_ROLE_UPSTREAM)
		return;
	s->port = ingress ? packet->source_port : packet->destination_port;
	s->peer[0] = ingress ? packet->source[0] : packet->destination[0];
	s->peer[1] = ingress ? packet->source[1] : packet->destination[1];
}

/* A close-delimited reply ends with the FIN, once every byte before it is there. The direction is claimed. */
__noinline __weak int end_stream(struct __sk_buff *skb, __u32 ingress, __u32 fin_seq)
{
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	struct mme_packet packet;
	struct mme_scratch *s;
	__u32 slot;

	if (!sk || read_packet(skb, &packet) != MME_PACKET_TCP)
		return 0;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c || c->role == MME_ROLE_MONGOD || mme_is_request(c->role, (int)ingress))
		return 0;
	if (c->reply.sync != MME_SYNC_LOCKED || c->reply.http.phase != MME_HTTP1_UNTIL_CLOSE ||
	    c->reply.next_seq != fin_seq)
		return 0;
	s = scratch_claim(&slot);
	if (!s) {
		account_skipped(c->role, MME_SKIP_SCRATCH, 0, 1);
		return 0;
	}
	walk_begin(c, s, 0, bpf_ktime_get_ns(), 0, 0);
	set_peer(s, &packet, c->role, (int)ingress);
	if (mme_http1_close(&s->direction.http) == MME_STEP_MESSAGE)
		http_reply_step(skb, c, s, slot);
	store_direction(c, s);
	scratch_release(s);
	return 0;
}

/* Parses the claimed segment, or parked piece, that walk_begin() prepared. */
__noinline __weak int parse_segment(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	int result = MME_WALK_DONE;

	if (!s || !sk)
		return MME_WALK_LOST;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c)
		return MME_WALK_LOST;
	if (s->direction.sync == MME_SYNC_SEEK && !try_lock(skb, c, s, slot, s->from_parked)) {
		account_skipped(s->role, MME_SKIP_UNSYNCED, s->bytes, 0);
		store_direction(c, s);
		return MME_WALK_DONE;
	}
	if (s->direction.sync == MME_SYNC_LOCKED) {
		resume_names(skb, c, s);
		resume_head(skb, s);
		if (s->role == MME_ROLE_MONGOD && s->is_request && !at_message_start(s) &&
		    s->direction.mongo.flags & MME_MONGO_COMPRESSED)
			continue_request(skb, slot);
		result = walk(skb, c, s, slot, s->from_parked, MME_STEPS_AT_ONCE);
	}
	if (result != MME_WALK_MORE)
		walk_end(skb, c, s, result);
	return result;
}

/* Goes on with a segment that has more messages than MME_STEPS_AT_ONCE; `last`: settles it in any case. */
__noinline __weak int parse_on(struct __sk_buff *skb, __u32 slot, __u32 last)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	int result;

	if (!s || !sk)
		return MME_WALK_LOST;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c)
		return MME_WALK_LOST;
	result = walk(skb, c, s, slot, s->from_parked, MME_STEPS_A_CALL);
	if (result != MME_WALK_MORE || last)
		walk_end(skb, c, s, result);
	return result;
}

enum mme_next {
	MME_NEXT_NONE = 0,
	MME_NEXT_LOST,
	MME_NEXT_READY, /* walk_begin() prepared it */
};

/* Looks for the parked piece that the stream has reached. The ingress direction is claimed. */
__noinline __weak int next_parked(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	struct mme_parked *piece;
	__u32 next, bytes, behind;
	__u8 is_request;

	if (!s || !sk)
		return MME_NEXT_NONE;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c)
		return MME_NEXT_NONE;
	is_request = (__u8)mme_is_request(c->role, 1);
	next = is_request ? c->request.next_seq : c->reply.next_seq;
	bytes = (__u32)take_parked(slot, next);
	if (!bytes)
		return MME_NEXT_NONE;
	__sync_fetch_and_add(&c->ingress, -(bytes << MME_INGRESS_PARKED_SHIFT));
	s->drained += bytes;
	piece = bpf_map_lookup_elem(&parked, &s->key);
	if (!piece) {
		account_skipped(c->role, MME_SKIP_GAP, bytes, 0);
		if (s->key.sequence + bytes - next <= bytes)
			jump(c, is_request ? &c->request : &c->reply, s->key.sequence + bytes);
		return MME_NEXT_LOST;
	}
	behind = next - s->key.sequence;
	if (behind > bytes)
		behind = bytes;
	account_skipped(c->role, MME_SKIP_DUPLICATE, behind, 0);
	walk_begin(c, s, is_request, piece->arrived_ns, behind, bytes - behind);
	s->from_parked = 1;
	s->direction.next_seq += bytes - behind;
	return MME_NEXT_READY;
}

/* Parses the parked pieces that the stream has reached. The ingress direction is claimed. */
__noinline __weak int drain(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	int result = MME_WALK_DONE;

	if (!s)
		return 0;
	connection_key(&s->key, bpf_get_socket_cookie(skb), 0);
	for (int call = 0; call < MME_DRAIN; call++) {
		if (result == MME_WALK_MORE) {
			result = parse_on(skb, slot, 0);
		} else {
			const int next = next_parked(skb, slot);

			if (next == MME_NEXT_NONE)
				return 0;
			if (next == MME_NEXT_READY)
				result = parse_segment(skb, slot);
		}
		if (result != MME_WALK_MORE)
			bpf_map_delete_elem(&parked, &s->key);
	}
	if (result == MME_WALK_MORE) {
		parse_on(skb, slot, 1);
		bpf_map_delete_elem(&parked, &s->key);
	}
	return 0;
}

/* Parses what this segment brings, and the parked ones that it makes room for. The direction is claimed. */
static __always_inline void observe_claimed(struct __sk_buff *skb, struct bpf_sock *sk, struct mme_connection *c,
					    const struct mme_packet *packet, int ingress)
{
	const __u8 is_request = (__u8)mme_is_request(c->role, ingress);
	struct mme_direction *d = is_request ? &c->request : &c->reply;
	struct mme_scratch *s;
	__u32 slot, seen;
	int result;

	if (packet->flags & MME_TCP_URG && d->sync != MME_SYNC_OPAQUE) {
		d->sync = MME_SYNC_OPAQUE;
		d->reason = MME_SKIP_URGENT;
		account_skipped(c->role, MME_SKIP_URGENT, 0, 1);
	}
	if (is_request && c->reply.sync == MME_SYNC_OPAQUE && c->reply.reason == MME_SKIP_UPGRADED) {
		account_skipped(c->role, MME_SKIP_UPGRADED, packet->payload, 0);
		return;
	}
	if (d->sync == MME_SYNC_OPAQUE) {
		account_skipped(c->role, d->reason, packet->payload, 0);
		return;
	}
	if (!take_place(skb, sk, c, d, packet, ingress, &seen))
		return;
	if (seen)
		account_skipped(c->role, MME_SKIP_DUPLICATE, seen, 0);
	s = scratch_claim(&slot);
	if (!s) {
		account_skipped(c->role, MME_SKIP_SCRATCH, packet->payload - seen, 1);
		d->sync = MME_SYNC_SEEK;
		return;
	}
	walk_begin(c, s, is_request, bpf_ktime_get_ns(), packet->offset + seen, packet->payload - seen);
	set_peer(s, packet, c->role, ingress);
	if (ingress && is_request && at_message_start(s)) {
		c->start_seq = packet->sequence + seen;
		c->start_count = s->direction.count;
	}
	result = parse_segment(skb, slot);
	for (__u32 call = 1; call <= MME_CALLS && result == MME_WALK_MORE; call++)
		result = parse_on(skb, slot, call == MME_CALLS);
	if (ingress && mme_connection_parked(c))
		drain(skb, slot);
	scratch_release(s);
}

/* Takes up what was parked by a segment that found the direction claimed; so many bytes. */
static __always_inline __u32 drain_late(struct __sk_buff *skb, struct mme_connection *c,
					const struct mme_packet *packet)
{
	struct mme_scratch *s;
	__u32 slot, drained;

	s = scratch_claim(&slot);
	if (!s)
		return 0;
	set_peer(s, packet, c->role, 1);
	s->drained = 0;
	drain(skb, slot);
	drained = s->drained;
	scratch_release(s);
	return drained;
}

/* A FIN may overtake the bytes before it. Only upstream replies end so on ingress, and those need no start_seq. */
static __always_inline void note_fin(struct mme_connection *c, const struct mme_packet *packet)
{
	if (!(packet->flags & MME_TCP_FIN) || c->role != MME_ROLE_UPSTREAM)
		return;
	c->start_seq = packet->sequence + packet->payload;
	c->flags |= MME_CONNECTION_FIN;
}

static __always_inline void observe_ingress(struct __sk_buff *skb, struct bpf_sock *sk, struct mme_connection *c,
					    const struct mme_packet *packet)
{
	note_fin(c, packet);
	if (claim_ingress(c)) {
		if (mme_connection_parked(c)) /* left behind by two that found each other in the way */
			drain_late(skb, c, packet);
		if (packet->payload)
			observe_claimed(skb, sk, c, packet, 1);
		if (c->flags & MME_CONNECTION_FIN)
			end_stream(skb, 1, c->start_seq);
		release_ingress(c);
	} else if (packet->payload) {
		wait_for_turn(skb);
	}
	/* A segment may have been parked by another CPU between the last look and the release, or by this one; and two
	 * that try at once find that neither is alone. */
	for (int turn = 0; turn < MME_TURNS && mme_connection_parked(c); turn++) {
		__u32 expected;

		if (!claim_ingress(c))
			continue;
		expected = mme_connection_parked(c);
		expected -= drain_late(skb, c, packet);
		if (c->flags & MME_CONNECTION_FIN)
			end_stream(skb, 1, c->start_seq);
		release_ingress(c);
		if (mme_connection_parked(c) == expected)
			break; /* nobody parked more meanwhile: what is left waits for what is before it */
	}
}

/* Data with the third ACK, or in a TFO SYN, arrives on the listening socket; the reply uses its child. The segment
 * waits until lifecycle.bpf.c sees the child. sk_storage on a listener would be copied to no one and never freed. */
__noinline __weak int observe_listener(struct __sk_buff *skb)
{
	struct mme_connection decided = {};
	struct mme_packet packet;
	__u32 lost;

	if (read_packet(skb, &packet) != MME_PACKET_TCP || !packet.payload || !port_matters(packet.destination_port))
		return 0;
	decided.flags = MME_CONNECTION_PASSIVE;
	decide_role(skb, &decided, packet.destination_port);
	if (decided.role == MME_ROLE_FOREIGN)
		return 0;
	park(skb, &packet, decided.role, decided.target, 1, 0, &lost);
	return 0;
}

static __always_inline void note_reset(struct bpf_sock *sk)
{
	struct mme_connection *c = bpf_sk_storage_get(&connections, sk, 0, 0);

	if (c)
		c->flags |= MME_CONNECTION_RESET;
}

static __always_inline int observe(struct __sk_buff *skb, int ingress)
{
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	struct mme_packet packet;
	enum mme_packet_kind kind;

	if (!sk)
		return 1;
	/* foreign sockets leave first: they have no state and no port of ours */
	if (!port_matters((__u16)sk->src_port) && !bpf_sk_storage_get(&connections, sk, 0, 0))
		return 1;
	kind = read_packet(skb, &packet);
	if (kind == MME_PACKET_UNSUPPORTED) {
		c = bpf_sk_storage_get(&connections, sk, 0, 0);
		if (c && c->role != MME_ROLE_NONE && c->role != MME_ROLE_FOREIGN)
			account_skipped(c->role, MME_SKIP_HEADERS, 0, 1);
		return 1;
	}
	if (kind != MME_PACKET_TCP)
		return 1;
	/* half or more of all packets are bare ACKs */
	if (!packet.payload && !(packet.flags & MME_TCP_FIN)) {
		if (ingress && packet.flags & MME_TCP_RST)
			note_reset(sk);
		return 1;
	}
	if (sk->state == MME_TCP_LISTEN) {
		if (ingress && packet.payload)
			observe_listener(skb);
		return 1;
	}
	c = find_connection(skb, sk, ingress ? packet.destination_port : packet.source_port, packet.payload);
	if (!c)
		return 1;
	if (packet.payload)
		account_seen(c->role, packet.payload);
	if (ingress) {
		observe_ingress(skb, sk, c, &packet);
		return 1;
	}
	if (packet.payload)
		observe_claimed(skb, sk, c, &packet, 0);
	if (packet.flags & MME_TCP_FIN && c->role == MME_ROLE_UPSTREAM)
		c->left = 1;
	if (packet.flags & MME_TCP_FIN)
		end_stream(skb, 0, packet.sequence + packet.payload);
	return 1;
}

SEC("cgroup_skb/ingress")
int mme_ingress(struct __sk_buff *skb)
{
	return observe(skb, 1);
}

SEC("cgroup_skb/egress")
int mme_egress(struct __sk_buff *skb)
{
	return observe(skb, 0);
}

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Segments that arrive before the bytes in front of them wait here, in pieces. Only ingress needs this: TCP sends in
 * order. */
#ifndef MME_REASSEMBLY_BPF_H
#define MME_REASSEMBLY_BPF_H

#include "packet.bpf.h"
#include "parked.bpf.h"
#include "walk.bpf.h"

#define MME_PIECES 40 /* of one segment: 80 KiB */

static __always_inline void connection_key(struct mme_parked_key *key, __u64 cookie, __u32 sequence)
{
	key->connection[0] = cookie;
	key->connection[1] = 0;
	key->connection[2] = 0;
	key->connection[3] = 0;
	key->source_port = 0;
	key->port = 0;
	key->sequence = sequence;
}

/* For what arrives on a listening socket: the connection has no socket yet. */
static __always_inline void listener_key(struct mme_parked_key *key, const struct mme_packet *packet)
{
	key->connection[0] = packet->source[0];
	key->connection[1] = packet->source[1];
	key->connection[2] = packet->destination[0];
	key->connection[3] = packet->destination[1];
	key->source_port = packet->source_port;
	key->port = packet->destination_port;
	key->sequence = packet->sequence;
}

static const struct mme_parked_places no_places;

/* Notes where the piece s->key begins, so that it can be taken up; `again`: a piece that began there may wait already.
 * 0: there is no room. */
__noinline __weak int note_place(__u32 slot, __u32 bytes, __u32 again)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_parked_places *places;
	__u32 sequence, from;
	__u64 cookie;

	if (!s)
		return 0;
	cookie = s->key.connection[0];
	places = bpf_map_lookup_elem(&parked_places, &cookie);
	if (!places) {
		bpf_map_update_elem(&parked_places, &cookie, &no_places, BPF_NOEXIST);
		places = bpf_map_lookup_elem(&parked_places, &cookie);
	}
	if (!places)
		return 0;
	sequence = s->key.sequence;
	for (__u32 i = 0; again && i < MME_PARKED_PLACES; i++) {
		if (places->bytes[i] && places->sequence[i] == sequence) {
			places->bytes[i] = bytes;
			return 1;
		}
	}
	from = places->note_from;
	for (__u32 i = 0; i < MME_PARKED_PLACES; i++) {
		const __u32 place = (from + i) & (MME_PARKED_PLACES - 1);

		if (places->users[place])
			continue;
		__sync_fetch_and_add(&places->users[place], 1);
		if (*(volatile __u32 *)&places->users[place] != 1) {
			__sync_fetch_and_add(&places->users[place], -1);
			continue;
		}
		places->sequence[place] = sequence;
		mme_barrier();
		places->bytes[place] = bytes;
		places->note_from = place + 1;
		return 1;
	}
	return 0;
}

/* Frees the place of a piece that begins at or before `next`, and lets s->key name it. Returns its size; 0: there is
 * none. */
__noinline __weak int take_parked(__u32 slot, __u32 next)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_parked_places *places;
	__u64 cookie;
	__u32 from;

	if (!s)
		return 0;
	cookie = s->key.connection[0];
	places = bpf_map_lookup_elem(&parked_places, &cookie);
	if (!places)
		return 0;
	from = places->take_from;
	for (__u32 i = 0; i < MME_PARKED_PLACES; i++) {
		const __u32 place = (from + i) & (MME_PARKED_PLACES - 1);
		const __u32 bytes = places->bytes[place];

		if (!bytes || (__s32)(next - places->sequence[place]) < 0)
			continue;
		s->key.sequence = places->sequence[place];
		places->bytes[place] = 0;
		places->take_from = place + 1;
		__sync_fetch_and_add(&places->users[place], -1);
		return (int)bytes;
	}
	return 0;
}

/* Keeps the piece that s->key names, from s->offset on, in place of one that began there before: TCP may have rejected
 * that. The slot is this run's own; s->bytes counts what is added. 0: not kept. */
__noinline __weak int park_piece(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_parked *before;
	__u32 replaced = 0, whole;
	__u64 bytes;

	if (!s || s->offset >= s->end)
		return 0;
	bytes = s->end - s->offset;
	whole = (__u32)bytes;
	if (bytes > MME_PARKED_BYTES)
		bytes = MME_PARKED_BYTES;
	bytes = bounded_length(bytes, MME_PARKED_BYTES);
	if (!s->in_body)
		whole = (__u32)bytes;
	before = bpf_map_lookup_elem(&parked, &s->key);
	if (before)
		replaced = before->bytes;
	s->piece.bytes = whole;
	s->piece.kept = (__u32)bytes;
	if (bpf_skb_load_bytes(skb, s->offset, s->piece.data, bytes) ||
	    bpf_map_update_elem(&parked, &s->key, &s->piece, BPF_ANY))
		return 0;
	/* what a listening socket received is found by its sequence number alone */
	if (!s->key.port &&
	    !note_place(slot, whole, replaced)) { /* last: what has a place may be taken up by another CPU at once */
		bpf_map_delete_elem(&parked, &s->key);
		return 0;
	}
	account_skipped(s->piece.role, MME_SKIP_DUPLICATE, replaced, 0);
	s->bytes += whole - replaced;
	s->offset += whole;
	s->key.sequence += whole;
	return 1;
}

/* Copies a segment away; `in_body`: it lies within a body, whose bytes nobody will look at, so its first ones do.
 * Returns by how much the bytes that wait have grown; `*lost`: bytes that found no room. */
static __always_inline __u32 park(struct __sk_buff *skb, const struct mme_packet *packet, __u8 role, __u16 target,
				  int listener, int in_body, __u32 *lost)
{
	struct mme_scratch *s;
	__u32 slot, kept;

	*lost = packet->payload;
	s = scratch_claim(&slot);
	if (!s)
		return 0;
	if (listener)
		listener_key(&s->key, packet);
	else
		connection_key(&s->key, bpf_get_socket_cookie(skb), packet->sequence);
	s->offset = packet->offset;
	s->end = packet->offset + packet->payload;
	s->bytes = 0;
	s->in_body = (__u8)in_body;
	s->piece.arrived_ns = bpf_ktime_get_ns();
	s->piece.target = target;
	s->piece.role = role;
	for (__u32 i = 0; i < MME_PIECES && park_piece(skb, slot); i++)
		;
	*lost = s->end - s->offset;
	kept = s->bytes;
	scratch_release(s);
	return kept;
}

#endif

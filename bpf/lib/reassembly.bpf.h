/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Segments that arrive before the bytes in front of them wait here. Only ingress needs this: TCP sends in order. */
#ifndef MME_REASSEMBLY_BPF_H
#define MME_REASSEMBLY_BPF_H

#include "packet.bpf.h"
#include "parked.bpf.h"
#include "walk.bpf.h"

static __always_inline void parked_key(struct mme_parked_key *key, const struct mme_packet *packet)
{
	key->source[0] = packet->source[0];
	key->source[1] = packet->source[1];
	key->source_port = packet->source_port;
	key->port = packet->destination_port;
	key->sequence = packet->sequence;
}

/* Copies the segment's first MME_PARKED_BYTES bytes away. 0: kept. Needs a scratch slot of its own. */
static __always_inline int park(struct __sk_buff *skb, struct mme_scratch *s, const struct mme_packet *packet,
				__u8 role, __u16 target, __u64 now_ns)
{
	__u64 kept = packet->payload;

	if (kept > MME_PARKED_BYTES)
		kept = MME_PARKED_BYTES;
	kept = bounded_length(kept, MME_PARKED_BYTES);
	s->parked.arrived_ns = now_ns;
	s->parked.bytes = packet->payload;
	s->parked.kept = (__u32)kept;
	s->parked.target = target;
	s->parked.role = role;
	if (bpf_skb_load_bytes(skb, packet->offset, s->parked.data, kept))
		return -1;
	parked_key(&s->key, packet);
	return (int)bpf_map_update_elem(&parked, &s->key, &s->parked, BPF_ANY);
}

#endif

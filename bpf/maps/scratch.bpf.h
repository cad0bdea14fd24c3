/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_SCRATCH_H
#define MME_MAPS_SCRATCH_H

#include "common.bpf.h"
#include "mme/route.h"
#include "parked.bpf.h"

#define MME_SCRATCH_SLOTS 4

/* One run's working memory: too large for the BPF stack, and readable at a variable index. */
struct mme_scratch {
	__u32 users;  /* see scratch_claim() */
	__u32 offset; /* next byte of the segment to load */
	__u32 end;    /* behind the segment's last byte */
	__u32 bytes;  /* of the segment, without what was seen before */
	__u64 now_ns;
	__u16 target;
	__u16 port;
	__u8 role;
	__u8 is_request;
	__u8 from_parked; /* the bytes are those of `key`'s parked piece, not of the packet */
	__u8 in_body;	  /* what is parked needs no more than its first bytes */
	__u8 head_here;	  /* the request that is parsed begins in this packet */
	__u8 pad;
	__u16 client_port;
	__u32 message_at; /* the message that is parsed begins at this offset */
	__u32 piece_at;	  /* of a request that is told as it comes: its next byte's offset */
	__u32 drained;	  /* parked bytes that were taken up */
	__u64 cookie;	  /* of the socket, where the agent decides the sample's route */
	__u64 peer[2];
	__u64 client[2];
	struct mme_direction direction; /* copy of the one that is parsed; written back at the end */
	struct mme_pending request;
	struct mme_sample sample;
	__u32 last_slot; /* of the series that this CPU recorded last */
	__u32 pad2;
	struct mme_window window;
	struct mme_mongo_names names;
	struct mme_route_head head;
	struct mme_route_class kind;
	struct mme_parked_key key;
	struct mme_parked piece; /* last: only what reassembly needs is written */
};

/* Per CPU and nesting level. Owned by the run that holds the slot. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MME_SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct mme_scratch);
} scratch SEC(".maps");

/* Claims a slot of this CPU: whoever finds itself alone after its increment owns it. Egress runs in process context: a
 * softirq, or on preemptible kernels another task, may run the programs on the same CPU in the middle of it, and not in
 * nested order. Two that meet both move on to the next slot. */
static __always_inline struct mme_scratch *scratch_try(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	if (!s)
		return 0;
	__sync_fetch_and_add(&s->users, 1);
	if (*(volatile __u32 *)&s->users == 1)
		return s;
	__sync_fetch_and_add(&s->users, -1);
	return 0;
}

/* Null: all slots are taken. */
static __always_inline struct mme_scratch *scratch_claim(__u32 *slot)
{
	struct mme_scratch *s;

	for (*slot = 0; *slot < MME_SCRATCH_SLOTS; (*slot)++) {
		s = scratch_try(*slot);
		if (s)
			return s;
	}
	return 0;
}

static __always_inline void scratch_release(struct mme_scratch *s)
{
	mme_barrier();
	__sync_fetch_and_add(&s->users, -1);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_SCRATCH_H
#define MME_MAPS_SCRATCH_H

#include "common.bpf.h"
#include "parked.bpf.h"

#define MME_SCRATCH_SLOTS 4

/* One run's working memory: too large for the BPF stack, and readable at a variable index. */
struct mme_scratch {
	struct mme_window window;
	struct mme_direction direction; /* copy of the one that is parsed; written back at the end */
	struct mme_mongo_names names;
	struct mme_sample sample;
	struct mme_pending request;
	struct mme_parked_key key;
	__u64 now_ns;
	__u32 offset; /* next byte of the segment to load */
	__u32 end;    /* behind the segment's last byte */
	__u32 bytes;  /* of the segment, without what was seen before */
	__u16 target;
	__u16 port;
	__u8 role;
	__u8 is_request;
	__u8 pad[2];
	__u64 peer[2];
	struct mme_parked parked; /* last: only what reassembly needs is written */
};

/* Per CPU and nesting level. Owned by the run that holds the slot. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MME_SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct mme_scratch);
} scratch SEC(".maps");

/* Which slots of each CPU are taken. Egress runs in process context: a softirq, or on preemptible kernels another task,
 * may run the programs on the same CPU in the middle of it, and not in nested order; so slots are claimed under a lock,
 * which disables interrupts for its few instructions. One entry a possible CPU, set by the agent. */
struct mme_scratch_claim {
	struct bpf_spin_lock lock;
	__u8 taken[MME_SCRATCH_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mme_scratch_claim);
} scratch_claims SEC(".maps");

#define MME_NO_SLOT 0xffffffffu

/* A free slot of this CPU, or MME_NO_SLOT. Migration is disabled while a program runs, so the CPU stays the same. */
static __always_inline __u32 scratch_claim(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct mme_scratch_claim *claim = bpf_map_lookup_elem(&scratch_claims, &cpu);
	__u32 slot = MME_NO_SLOT;

	if (!claim)
		return MME_NO_SLOT;
	bpf_spin_lock(&claim->lock);
	if (!claim->taken[0]) {
		claim->taken[0] = 1;
		slot = 0;
	} else if (!claim->taken[1]) {
		claim->taken[1] = 1;
		slot = 1;
	} else if (!claim->taken[2]) {
		claim->taken[2] = 1;
		slot = 2;
	} else if (!claim->taken[3]) {
		claim->taken[3] = 1;
		slot = 3;
	}
	bpf_spin_unlock(&claim->lock);
	return slot;
}

static __always_inline void scratch_release(__u32 slot)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct mme_scratch_claim *claim = bpf_map_lookup_elem(&scratch_claims, &cpu);

	if (claim)
		claim->taken[slot & (MME_SCRATCH_SLOTS - 1)] = 0; /* only the owner writes a taken slot */
}

#endif

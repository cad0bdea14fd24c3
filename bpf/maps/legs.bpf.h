/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_LEGS_H
#define MME_MAPS_LEGS_H

#include "common.bpf.h"

#define MME_LEGS_BYTES (64 * 1024)

/* Finished exchanges that the agent joins, while legs_wanted says so: struct mme_route_exchange. Written by the
 * programs, read by the agent. Full: counted in legs_lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MME_LEGS_BYTES);
} legs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} legs_wanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} legs_lost SEC(".maps");

static __always_inline int legs_are_wanted(void)
{
	__u32 zero = 0;
	const __u32 *wanted = bpf_map_lookup_elem(&legs_wanted, &zero);

	return wanted && *wanted;
}

static __always_inline void count_lost_leg(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&legs_lost, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_EVENTS_H
#define MME_MAPS_EVENTS_H

#include "common.bpf.h"

/* What is rare and needs the agent: enum mme_event_type. Written by the programs, read by the agent.
 * Full: the event is lost and counted in events_lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} events_lost SEC(".maps");

static __always_inline void count_lost_event(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&events_lost, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif

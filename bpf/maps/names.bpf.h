/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_NAMES_H
#define MME_MAPS_NAMES_H

#include "common.bpf.h"

/* Database and collection names by hash. Written once a name by the programs, read by the agent, never deleted.
 * Full: the label reads `unknown`. The agent sets max_entries. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct mme_name);
} names SEC(".maps");

/* A name that a segment's end cut in the middle, by (socket cookie). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 128);
	__type(key, __u64);
	__type(value, struct mme_name);
} cut_names SEC(".maps");

/* Length of a name whose first part was evicted. */
#define MME_NAME_LOST 0xffff

static __always_inline void remember_name(__u64 hash, const struct mme_name *name)
{
	if (hash && name->length != MME_NAME_LOST && !bpf_map_lookup_elem(&names, &hash))
		bpf_map_update_elem(&names, &hash, name, BPF_NOEXIST);
}

#endif

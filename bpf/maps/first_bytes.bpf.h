/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_FIRST_BYTES_H
#define MME_MAPS_FIRST_BYTES_H

#include "common.bpf.h"

/* Written by the programs with atomic adds, read by the agent, never deleted. Full: the exchange's time to the first
 * byte is taken for its duration. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct mme_link_key);
	__type(value, struct mme_first_bytes);
} first_bytes SEC(".maps");

static const struct mme_first_bytes mme_no_first_bytes = {};

static __always_inline struct mme_first_bytes *first_bytes_of(const struct mme_link_key *key)
{
	struct mme_first_bytes *times = bpf_map_lookup_elem(&first_bytes, key);

	if (times)
		return times;
	bpf_map_update_elem(&first_bytes, key, &mme_no_first_bytes, BPF_NOEXIST);
	return bpf_map_lookup_elem(&first_bytes, key);
}

#endif

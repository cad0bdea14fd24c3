/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_LINKS_H
#define MME_MAPS_LINKS_H

#include "common.bpf.h"

/* Written by the programs with atomic adds, read by the agent, never deleted.
 * Full: the rest is counted under the role alone, which the agent makes beforehand. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct mme_link_key);
	__type(value, struct mme_link);
} links SEC(".maps");

/* A zero to begin with: too large for the stack beside what else is there. */
static const struct mme_link mme_no_link = {};

static __always_inline struct mme_link *link_of(const struct mme_link_key *key)
{
	struct mme_link_key rest = {.role = key->role};
	struct mme_link *link = bpf_map_lookup_elem(&links, key);

	if (link)
		return link;
	bpf_map_update_elem(&links, key, &mme_no_link, BPF_NOEXIST);
	link = bpf_map_lookup_elem(&links, key);
	return link ? link : bpf_map_lookup_elem(&links, &rest);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_ROUTES_H
#define MME_MAPS_ROUTES_H

#include "common.bpf.h"
#include "mme/route.h"

/* Literals of the rules of each entrypoint's port. Written by the agent. Full: the agent writes fewer and is asked for
 * each request of the port. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 512);
	__type(key, struct mme_route_prefix);
	__type(value, struct mme_route_literal);
} route_literals SEC(".maps");

/* Where the requests of a class go, as in struct mme_series_key. Written by the agent, the first time that it is asked.
 * Full: the least recently used goes, and is asked for again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 3072);
	__type(key, struct mme_route_class);
	__type(value, __u16);
} route_classes SEC(".maps");

/* What a request's head has shown of its route when its segment ended, by socket cookie.
 * Full: the least recently used goes; its request is asked for with what came later. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 128);
	__type(key, __u64);
	__type(value, struct mme_route_head);
} cut_heads SEC(".maps");

#endif

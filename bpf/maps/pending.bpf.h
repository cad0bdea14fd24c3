/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_PENDING_H
#define MME_MAPS_PENDING_H

#include "common.bpf.h"

struct mme_pending_key {
	__u64 cookie; /* of the socket */
	__u32 id;     /* as in struct mme_pending */
	__u32 pad;
};

/* An LRU map has one list, of which a CPU takes 128 places at once and, when none is left, evicts as many that are in
 * use; or one for each CPU (BPF_F_NO_COMMON_LRU), which cannot lend its places. A burst of pipelined requests comes on
 * one CPU, so `pending` has one list; the small maps have many. The agent raises max_entries where there are many CPUs.
 */

/* Outstanding requests beyond the one that waits inside its connection. Written by the request direction, taken by the
 * reply direction. Full: the least recently used goes; its reply then counts as `no_request`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4112);
	__type(key, struct mme_pending_key);
	__type(value, struct mme_pending);
} pending SEC(".maps");

/* Cursors with more than one batch, by id. Written when a reply opens one, read by each getMore. Full: the least
 * recently used goes, and what its getMores bring counts under getMore. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct mme_cursor);
} cursors SEC(".maps");

#endif

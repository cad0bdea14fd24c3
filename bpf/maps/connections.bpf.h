/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_CONNECTIONS_H
#define MME_MAPS_CONNECTIONS_H

#include "common.bpf.h"

/* State of each observed connection. Written and read by the programs only; freed with the socket.
 * Full: never, but limits.connections bounds how many are made (skip reason `connection_cap`). */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mme_connection);
} connections SEC(".maps");

enum mme_connection_count {
	MME_COUNT_TRACKED = 0,		/* those whose close will be seen */
	MME_COUNT_ROLES = 1,		/* open ones, at MME_COUNT_ROLES + role */
	MME_COUNT_ADOPTED = 6,		/* ever: nothing tells when these close */
	MME_COUNT_CAPTURES = 7,		/* connections whose messages are kept, */
	MME_COUNT_CAPTURES_ADOPTED = 8, /* and of the adopted ones, ever */
	MME_COUNT_TO_MONGOD = 9,	/* opened, ever */
};

/* By enum mme_connection_count. Two's complement sums. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 10);
	__type(key, __u32);
	__type(value, __u64);
} connection_counts SEC(".maps");

static __always_inline void count_connections(__u32 index, __s64 by)
{
	__u64 *count = bpf_map_lookup_elem(&connection_counts, &index);

	if (count)
		__sync_fetch_and_add(count, (__u64)by);
}

/* Open connections of entrypoints. Two's complement sums, written by the programs, read by the agent, never deleted.
 * Full: the connection counts by role only. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct mme_port_key);
	__type(value, __u64);
} open_by_port SEC(".maps");

static __always_inline void count_open(__u8 role, __u16 target, __u16 port, __s64 by)
{
	struct mme_port_key key = {.target = target, .port = port};
	__u64 *count, zero = 0;

	count_connections(MME_COUNT_ROLES + role, by);
	if (role == MME_ROLE_MONGOD && by > 0)
		count_connections(MME_COUNT_TO_MONGOD, by);
	if (role != MME_ROLE_ENTRYPOINT)
		return;
	count = bpf_map_lookup_elem(&open_by_port, &key);
	if (!count) {
		bpf_map_update_elem(&open_by_port, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&open_by_port, &key);
	}
	if (count)
		__sync_fetch_and_add(count, (__u64)by);
}

static __always_inline int connections_full(__u32 index)
{
	__u64 *count = bpf_map_lookup_elem(&connection_counts, &index);

	return !count || *count >= settings.connections;
}

#endif

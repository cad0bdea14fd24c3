/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_CAPTURES_H
#define MME_MAPS_CAPTURES_H

#include "connections.bpf.h"

/* The first bytes of the messages under way, of each connection to a mongod. Written and read by the programs only;
 * freed with the socket. Full (MME_CAPTURES_MAX, and as many that are older than the agent): of further connections it
 * is not told what is in messages, commands_lost counts those that it would have been told of. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mme_capture);
} captures SEC(".maps");

/* Exchanges of MongoDB that the agent is told of: struct mme_mongo_exchange and its messages' first bytes, as much as
 * there is of struct mme_capture. Written by the programs, read by the agent. Full: counted in commands_lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MME_COMMANDS_BYTES);
} commands SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MME_LOST_REASONS);
	__type(key, __u32); /* enum mme_lost */
	__type(value, __u64);
} commands_lost SEC(".maps");

/* How long the quickest command takes that is slow, in nanoseconds; 0: none is. Written by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} slow_from_ns SEC(".maps");

static __always_inline int is_slow(__u64 duration_ns)
{
	__u32 zero = 0;
	const __u64 *from = bpf_map_lookup_elem(&slow_from_ns, &zero);

	return from && *from && duration_ns >= *from;
}

/* Half of the ring is kept for exchanges that the agent counts: compressed ones, handshakes. */
static __always_inline int ring_is_busy(void)
{
	return bpf_ringbuf_query(&commands, BPF_RB_AVAIL_DATA) > MME_COMMANDS_BYTES / 2;
}

static __always_inline void count_lost_command(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&commands_lost, &reason);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* That of a connection; null: there is none and no room for one. */
static __always_inline struct mme_capture *capture_of(struct bpf_sock *sk, const struct mme_connection *c)
{
	struct mme_capture *capture = bpf_sk_storage_get(&captures, sk, 0, 0);
	__u32 index = c->flags & MME_CONNECTION_COUNTED ? MME_COUNT_CAPTURES : MME_COUNT_CAPTURES_ADOPTED;
	__u64 *count;

	if (capture)
		return capture;
	count = bpf_map_lookup_elem(&connection_counts, &index);
	if (!count || *count >= MME_CAPTURES_MAX)
		return 0;
	capture = bpf_sk_storage_get(&captures, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (capture)
		__sync_fetch_and_add(count, 1);
	return capture;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_SERIES_H
#define MME_MAPS_SERIES_H

#include "common.bpf.h"

/* Series by labels -> histogram slot. Written by the programs; the agent deletes those that it retires.
 * Full (a family's cap): the exchange goes to the family's `_other` slot and is counted in series_overflow. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* the agent sets it */
	__type(key, struct mme_series_key);
	__type(value, __u32);
} series SEC(".maps");

/* The inverse: slot -> labels. Written by the programs, and by the agent where it retires a series. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the agent sets it */
	__type(key, __u32);
	__type(value, struct mme_series_entry);
} series_entries SEC(".maps");

/* Histograms: `slots` of each shard, one shard after the other; CPUs share shards by atomic adds. Per-CPU copies of
 * every slot would cost 2 MB a possible CPU. Written by the programs, mapped by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the agent sets it */
	__type(key, __u32);
	__type(value, struct mme_histogram);
} histograms SEC(".maps");

/* Slot 0 of a family is `_other`; slots 1 … used are given out in order. */
struct mme_allocator {
	struct bpf_spin_lock lock;
	__u32 used;
	__u32 spare; /* a slot that lost the race for its key, to be given out next; 0: none */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MME_FAMILIES);
	__type(key, __u32);
	__type(value, struct mme_allocator);
} allocators SEC(".maps");

/* Slots of MongoDB's family whose series the agent has retired, all zero. Written by the agent, given out when no other
 * is left. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MME_RETIRED_MAX);
	__type(value, __u32);
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MME_FAMILIES);
	__type(key, __u32);
	__type(value, __u64);
} series_overflow SEC(".maps");

#endif

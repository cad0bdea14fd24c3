/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_MONGO_H
#define MME_MAPS_MONGO_H

#include "common.bpf.h"
#include "mme/mongo_commands.h"

/* Exchanges that have no latency, and cursors, by mme_mongo_counts_index(). Written by the programs, read by the agent.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * MME_MONGO_COMMAND_COUNT);
	__type(key, __u32);
	__type(value, struct mme_mongo_counts);
} mongo_counts SEC(".maps");

/* Replies that tell of an error, by code. Written by the programs, read by the agent, never deleted.
 * Full: counted under code 0xffffffff of command 0, which the agent makes beforehand. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct mme_mongo_error_key);
	__type(value, __u64);
} mongo_errors SEC(".maps");

#endif

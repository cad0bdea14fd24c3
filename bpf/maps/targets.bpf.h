/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_TARGETS_H
#define MME_MAPS_TARGETS_H

#include "common.bpf.h"

/* What is observed. Written by the agent, read by the programs. Full: the agent reports the target as not observed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct mme_listener_key);
	__type(value, struct mme_listener);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64); /* cgroup id */
	__type(value, struct mme_cgroup);
} cgroups SEC(".maps");

/* Traefik processes by thread group id: what they open is an upstream connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u16); /* target */
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mme_ports);
} ports SEC(".maps");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_ACCOUNTS_H
#define MME_MAPS_ACCOUNTS_H

#include "common.bpf.h"

/* Bytes seen, parsed and skipped by reason, one entry a protocol. Written by the programs with atomic adds (a program
 * may be interrupted by itself on its own CPU), read by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MME_PROTOCOLS);
	__type(key, __u32);
	__type(value, struct mme_account);
} accounts SEC(".maps");

static __always_inline __u32 account_of(__u8 role)
{
	return mme_role_is_http(role) ? MME_PROTOCOL_HTTP : MME_PROTOCOL_MONGO;
}

/* Once for every payload byte that a hook shows; what becomes of it is accounted apart. */
static __always_inline void account_seen(__u8 role, __u64 bytes)
{
	__u32 protocol = account_of(role);
	struct mme_account *account = bpf_map_lookup_elem(&accounts, &protocol);

	if (account)
		__sync_fetch_and_add(&account->bytes_seen, bytes);
}

static __always_inline void account_parsed(__u8 role, __u64 bytes)
{
	__u32 protocol = account_of(role);
	struct mme_account *account = bpf_map_lookup_elem(&accounts, &protocol);

	if (account && bytes)
		__sync_fetch_and_add(&account->bytes_parsed, bytes);
}

static __always_inline void account_skipped(__u8 role, __u32 reason, __u64 bytes, __u64 messages)
{
	__u32 protocol = account_of(role);
	struct mme_account *account = bpf_map_lookup_elem(&accounts, &protocol);

	if (!account || reason >= MME_SKIPS)
		return;
	if (bytes)
		__sync_fetch_and_add(&account->bytes_skipped[reason], bytes);
	if (messages)
		__sync_fetch_and_add(&account->messages_skipped[reason], messages);
}

#endif

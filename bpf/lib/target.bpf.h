/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Is this socket ours, and in which role? */
#ifndef MME_TARGET_BPF_H
#define MME_TARGET_BPF_H

#include "accounts.bpf.h"
#include "connections.bpf.h"
#include "packet.bpf.h"
#include "targets.bpf.h"

static __always_inline int port_bit(const __u64 *bits, __u16 port)
{
	__u32 word = port >> 6;

	mme_opaque(word); /* else clang drops the mask, which verifiers before 7.3 need */
	return (bits[word & 1023] >> (port & 63)) & 1;
}

/* Whether a socket with this local port may be ours at all. Without shared cgroups the hook sees none but our own. */
static __always_inline int port_matters(__u16 port)
{
	__u32 zero = 0;
	struct mme_ports *all = bpf_map_lookup_elem(&ports, &zero);

	return !all || !all->shared || port_bit(all->listening, port);
}

/* Which protocol a port's connections have, where no more is known of them. */
static __always_inline __u8 role_by_port(__u16 port)
{
	__u32 zero = 0;
	struct mme_ports *all = bpf_map_lookup_elem(&ports, &zero);

	return all && port_bit(all->mongod, port) ? MME_ROLE_MONGOD : MME_ROLE_ENTRYPOINT;
}

/* Roles by socket: what is accepted on a listening port, or in a cgroup of the target's own, has the server's role;
 * what is opened from such a cgroup the client's. */
static __always_inline void decide_role(struct __sk_buff *skb, struct mme_connection *c, __u16 local_port)
{
	struct mme_listener_key key = {};
	struct mme_listener *listener;
	struct mme_cgroup *cgroup;

	key.cgroup_id = bpf_skb_cgroup_id(skb);
	key.port = local_port;
	c->role = MME_ROLE_FOREIGN;
	listener = bpf_map_lookup_elem(&listeners, &key);
	if (listener) {
		c->target = listener->target;
		c->role = listener->role;
	} else {
		cgroup = bpf_map_lookup_elem(&cgroups, &key.cgroup_id);
		if (cgroup && cgroup->exclusive) {
			c->target = cgroup->target;
			c->role = c->flags & MME_CONNECTION_PASSIVE ? cgroup->server_role : cgroup->client_role;
			if (c->role == MME_ROLE_NONE)
				c->role = MME_ROLE_FOREIGN;
		}
	}
	if (c->role == MME_ROLE_FOREIGN)
		return;
	mme_connection_start(c);
	if (c->flags & MME_CONNECTION_COUNTED)
		count_open(c->role, c->target, local_port, 1);
}

/* Decides what a socket is, and makes the state of one that is older than the agent, or that came when there was no
 * room. Nothing tells when those close, so they have a cap of their own. `payload`: bytes of this packet. Returns enum
 * mme_role. */
__noinline __weak int adopt(struct __sk_buff *skb, __u32 local_port, __u32 payload)
{
	struct mme_connection decided = {};
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;

	if (!sk)
		return MME_ROLE_FOREIGN;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (c) {
		if (c->role == MME_ROLE_NONE)
			decide_role(skb, c, (__u16)local_port);
		return c->role;
	}
	decide_role(skb, &decided, (__u16)local_port);
	if (connections_full(MME_COUNT_ADOPTED)) {
		if (decided.role != MME_ROLE_FOREIGN) {
			account_seen(decided.role, payload);
			account_skipped(decided.role, MME_SKIP_CONNECTION_CAP, payload, 0);
		}
		return MME_ROLE_FOREIGN;
	}
	c = bpf_sk_storage_get(&connections, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c)
		return MME_ROLE_FOREIGN;
	decide_role(skb, c, (__u16)local_port);
	if (c->role != MME_ROLE_FOREIGN)
		count_connections(MME_COUNT_ADOPTED, 1);
	return c->role;
}

/* The connection's state. Null: not ours. */
static __always_inline struct mme_connection *find_connection(struct __sk_buff *skb, struct bpf_sock *sk,
							      __u16 local_port, __u32 payload)
{
	struct mme_connection *c = bpf_sk_storage_get(&connections, sk, 0, 0);

	if (c && c->role != MME_ROLE_NONE)
		return c->role == MME_ROLE_FOREIGN ? 0 : c;
	if (!c && !port_matters(local_port))
		return 0;
	if (adopt(skb, local_port, payload) == MME_ROLE_FOREIGN)
		return 0;
	return bpf_sk_storage_get(&connections, sk, 0, 0);
}

#endif

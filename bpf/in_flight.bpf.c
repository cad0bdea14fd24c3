// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Runs over the connections when the agent reads its maps, so that requests cost nothing more for being counted while
 * they last. An object of its own: only this one needs the kernel's BTF. */
#include "lib/btf.bpf.h"
#include "connections.bpf.h"
#include "lib/packet.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define MME_AF_INET6 10
#define MME_TCP_FIN_WAIT2 5
#define MME_TCP_TIME_WAIT 6
#define MME_TCP_CLOSE 7

/* Whether this end has sent all that it will ever send, and the other end has it. */
static __always_inline int has_ended(const struct sock *sk)
{
	const __u8 state = sk->__sk_common.skc_state;

	return state == MME_TCP_FIN_WAIT2 || state == MME_TCP_TIME_WAIT || state == MME_TCP_CLOSE;
}

static __always_inline void remote_address(const struct sock *sk, __u64 address[2])
{
	const struct in6_addr *v6 = &sk->__sk_common.skc_v6_daddr;

	address[0] = 0;
	address[1] = v4_mapped(sk->__sk_common.skc_daddr);
	if (sk->__sk_common.skc_family == MME_AF_INET6) { /* a mapped IPv4 address already reads ::ffff:a.b.c.d */
		address[0] = (__u64)v6->in6_u.u6_addr32[1] << 32 | v6->in6_u.u6_addr32[0];
		address[1] = (__u64)v6->in6_u.u6_addr32[3] << 32 | v6->in6_u.u6_addr32[2];
	}
}

static __always_inline void link_of_connection(const struct sock *sk, const struct mme_connection *c,
					       struct mme_link_key *link)
{
	link->target = c->target;
	link->role = c->role;
	link->port = sk->__sk_common.skc_num;
	if (c->role == MME_ROLE_ENTRYPOINT)
		return;
	if (c->role == MME_ROLE_UPSTREAM)
		link->port = bpf_ntohs(sk->__sk_common.skc_dport);
	remote_address(sk, link->address);
}

static __always_inline int is_open_mongo(const struct mme_connection *c)
{
	return c->role == MME_ROLE_MONGOD && !(c->flags & MME_CONNECTION_CLOSED);
}

SEC("iter/bpf_sk_storage_map")
int mme_in_flight(struct bpf_iter__bpf_sk_storage_map *at)
{
	const struct mme_connection *c = at->value;
	const struct sock *sk = at->sk;
	struct mme_in_flight busy = {};

	if (!c || !sk) /* after the last one */
		return 0;
	busy.requests = mme_connection_in_flight(c);
	if (has_ended(sk) || !(busy.requests || is_open_mongo(c)))
		return 0;
	if (c->role == MME_ROLE_MONGOD) {
		busy.works = c->flags & MME_CONNECTION_WORKS ? 1 : 0;
		busy.peer = c->peer;
		busy.cookie = (__u64)sk->__sk_common.skc_cookie.counter;
	}
	link_of_connection(sk, c, &busy.link);
	bpf_seq_write(at->meta->seq, &busy, sizeof(busy)); /* one for which there is no room comes again */
	return 0;
}

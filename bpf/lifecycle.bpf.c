// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* sockops and connect hooks on the observed cgroups: which sockets Traefik opens, where each stream begins, when a
 * connection ends. Observes only. */
#include "lib/common.bpf.h"
#include "lib/target.bpf.h"
#include "lib/reassembly.bpf.h"
#include "links.bpf.h"
#include "mme/histogram.h"

char LICENSE[] SEC("license") = "GPL";

#define MME_ADOPT_STEPS 32
#define MME_AF_INET6 10
#define MME_TCP_ESTABLISHED 1
#define MME_TCP_SYN_SENT 2
#define MME_TCP_CLOSE 7
#define MME_TCP_CLOSE_WAIT 8

/* A piece of what arrived on the listening socket for this new connection, see observe_listener(). 0: there is none. */
__noinline __weak int adopt_parked(struct bpf_sock_ops *ops, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = ops->sk;
	struct mme_connection *c;
	struct mme_parked *piece;
	int result;

	if (!s || !sk)
		return 0;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	piece = bpf_map_lookup_elem(&parked, &s->key);
	if (!c || !piece)
		return 0;
	if (c->role == MME_ROLE_NONE) {
		c->role = piece->role;
		c->target = piece->target;
		mme_connection_start(c);
		count_open(c->role, c->target, s->key.port, 1);
	}
	account_seen(c->role, piece->bytes);
	walk_begin(c, s, 1, piece->arrived_ns, 0, piece->bytes);
	s->direction.next_seq += piece->bytes;
	s->port = s->key.port;
	s->client[0] = s->key.connection[0];
	s->client[1] = s->key.connection[1];
	if (s->direction.sync == MME_SYNC_LOCKED) {
		resume_names(ops, c, s);
		resume_head(ops, s);
		result = walk(ops, c, s, slot, 1, MME_ADOPT_STEPS);
	} else {
		result = MME_WALK_LOST;
	}
	walk_end(ops, c, s, result);
	bpf_map_delete_elem(&parked, &s->key);
	s->key.sequence = c->request.next_seq;
	return 1;
}

static __always_inline void remote_address(struct bpf_sock_ops *ops, __u64 address[2])
{
	const __u32 v4 = ops->remote_ip4;
	const __u32 v6[4] = {ops->remote_ip6[0], ops->remote_ip6[1], ops->remote_ip6[2], ops->remote_ip6[3]};

	address[0] = 0;
	address[1] = v4_mapped(v4);
	if (ops->family == MME_AF_INET6) { /* a mapped IPv4 address already reads ::ffff:a.b.c.d */
		address[0] = (__u64)v6[1] << 32 | v6[0];
		address[1] = (__u64)v6[3] << 32 | v6[2];
	}
}

/* Key of a segment that arrived on the listening socket and begins with the first byte of this connection's stream. */
static __always_inline void first_segment_key(struct bpf_sock_ops *ops, __u32 sequence, struct mme_parked_key *key)
{
	const __u32 v4 = ops->local_ip4;
	const __u32 v6[4] = {ops->local_ip6[0], ops->local_ip6[1], ops->local_ip6[2], ops->local_ip6[3]};

	remote_address(ops, key->connection);
	key->connection[2] = 0;
	key->connection[3] = v4_mapped(v4);
	if (ops->family == MME_AF_INET6) {
		key->connection[2] = (__u64)v6[1] << 32 | v6[0];
		key->connection[3] = (__u64)v6[3] << 32 | v6[2];
	}
	key->source_port = bpf_ntohl(ops->remote_port);
	key->port = (__u16)ops->local_port;
	key->sequence = sequence;
}

static __always_inline struct mme_link *link_of_connection(struct bpf_sock_ops *ops, const struct mme_connection *c)
{
	struct mme_link_key key = {.target = c->target, .role = c->role, .port = (__u16)ops->local_port};

	if (c->role == MME_ROLE_UPSTREAM) {
		key.port = (__u16)bpf_ntohl(ops->remote_port);
		remote_address(ops, key.address);
	}
	return link_of(&key);
}

static __always_inline void count_rtt(struct bpf_sock_ops *ops, struct mme_link *link)
{
	const __u32 rtt_us = ops->srtt_us >> 3; /* the kernel keeps it times 8 */

	if (!rtt_us)
		return;
	__sync_fetch_and_add(&link->rtt_us, rtt_us);
	__sync_fetch_and_add(&link->rtts[mme_network_bound_index(rtt_us)], 1);
}

static __always_inline void count_connect(struct bpf_sock_ops *ops, const struct mme_connection *c)
{
	struct mme_link *link = link_of_connection(ops, c);
	__u64 us;

	if (!link)
		return;
	link->last_failed = 0;
	count_rtt(ops, link);
	if (!c->request_started_ns)
		return;
	us = (bpf_ktime_get_ns() - c->request_started_ns) / 1000;
	__sync_fetch_and_add(&link->connect_us, us);
	__sync_fetch_and_add(&link->connects[mme_network_bound_index(us)], 1);
}

static __always_inline void count_connect_failure(struct bpf_sock_ops *ops, const struct mme_connection *c)
{
	struct mme_link *link = link_of_connection(ops, c);

	if (!link)
		return;
	link->last_failed = 1;
	if (c->flags & MME_CONNECTION_RESET)
		__sync_fetch_and_add(&link->failures[MME_CONNECT_REFUSED], 1);
	else
		__sync_fetch_and_add(&link->failures[MME_CONNECT_UNANSWERED], 1);
}

static __always_inline void count_end(struct bpf_sock_ops *ops, const struct mme_connection *c, __u32 unanswered)
{
	struct mme_link *link = link_of_connection(ops, c);

	if (!link)
		return;
	count_rtt(ops, link);
	if (!unanswered || c->role == MME_ROLE_MONGOD)
		return;
	if (c->reply.http.phase != MME_HTTP1_START)
		__sync_fetch_and_add(&link->aborted[MME_ABORT_IN_REPLY], 1);
	else
		__sync_fetch_and_add(&link->aborted[MME_ABORT_BEFORE_REPLY], 1);
}

static __always_inline void retransmitted(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct mme_connection *c;
	struct mme_link *link;

	if (!sk)
		return;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c || c->role == MME_ROLE_NONE || c->role == MME_ROLE_FOREIGN)
		return;
	link = link_of_connection(ops, c);
	if (link)
		__sync_fetch_and_add(&link->retransmits, 1);
}

static __always_inline void watch_close(struct bpf_sock_ops *ops, struct mme_connection *c)
{
	/* other programs' flags stay as they are */
	if (bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG |
					       BPF_SOCK_OPS_RETRANS_CB_FLAG))
		return;
	c->flags |= MME_CONNECTION_COUNTED;
	count_connections(MME_COUNT_TRACKED, 1);
}

static __always_inline void start_streams(struct mme_direction *in, struct mme_direction *out, __u32 in_seq,
					  __u32 out_seq)
{
	in->next_seq = in_seq;
	out->next_seq = out_seq;
	in->sync = MME_SYNC_LOCKED;
	out->sync = MME_SYNC_LOCKED;
}

/* Its role is decided with its first packet: sockops does not know the cgroup. */
static __always_inline void accepted(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	const __u32 in_seq = ops->rcv_nxt, out_seq = ops->snd_nxt;
	struct mme_connection *c;
	struct mme_scratch *s;
	__u32 slot;

	if (!sk || !port_matters((__u16)ops->local_port))
		return;
	if (connections_full(MME_COUNT_TRACKED)) {
		account_skipped(role_by_port((__u16)ops->local_port), MME_SKIP_CONNECTION_CAP, 0, 1);
		return;
	}
	c = bpf_sk_storage_get(&connections, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c)
		return;
	c->flags = MME_CONNECTION_PASSIVE;
	watch_close(ops, c);
	start_streams(&c->request, &c->reply, in_seq, out_seq);
	s = scratch_claim(&slot);
	if (!s)
		return;
	first_segment_key(ops, in_seq, &s->key);
	for (int i = 0; i < MME_PIECES && adopt_parked(ops, slot); i++)
		;
	scratch_release(s);
}

static __always_inline void opened(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	const __u32 in_seq = ops->rcv_nxt, out_seq = ops->snd_nxt;
	struct mme_connection *c;

	if (!sk)
		return;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c || c->role != MME_ROLE_UPSTREAM)
		return;
	c->flags |= MME_CONNECTION_ACTIVE;
	start_streams(&c->reply, &c->request, in_seq, out_seq);
	count_open(c->role, c->target, 0, 1);
	count_connect(ops, c);
}

static __always_inline void connecting(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct mme_connection *c;

	if (!sk)
		return;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c || c->role != MME_ROLE_UPSTREAM)
		return;
	c->request_started_ns = bpf_ktime_get_ns();
	watch_close(ops, c);
}

/* The client reset the connection before its reply began: Traefik then counts a reply that it cannot send any more
 * (pkg/proxy/httputil/proxy.go, StatusClientClosedRequest). A client that only closes its end still gets it. */
static __always_inline int client_left(struct bpf_sock_ops *ops, const struct mme_connection *c)
{
	return c->role == MME_ROLE_ENTRYPOINT &&
	       (ops->args[0] == MME_TCP_ESTABLISHED || ops->args[0] == MME_TCP_CLOSE_WAIT) &&
	       (c->pending.flags & MME_PENDING_USED) && (__u16)c->pending.id == c->reply.count &&
	       c->request.http.phase == MME_HTTP1_START && c->reply.sync == MME_SYNC_LOCKED &&
	       c->reply.http.phase == MME_HTTP1_START;
}

static __always_inline int record_left(struct bpf_sock_ops *ops, struct mme_connection *c)
{
	struct mme_scratch *s;
	__u32 slot;

	s = scratch_claim(&slot);
	if (!s)
		return 0;
	walk_begin(c, s, 0, bpf_ktime_get_ns(), 0, 0);
	s->port = (__u16)ops->local_port;
	s->peer[0] = 0;
	s->peer[1] = 0;
	s->request = c->pending;
	s->direction.http.code = 499;
	s->direction.http.body_bytes = sizeof("Client Closed Request") - 1;
	start_sample(s, c);
	mme_http_sample(&s->direction.http, &s->request, s->role, s->now_ns, &s->sample);
	s->cookie = bpf_get_socket_cookie(ops);
	record(slot);
	scratch_release(s);
	return 1;
}

static __always_inline void end_capture(struct bpf_sock_ops *ops, struct bpf_sock *sk, const struct mme_connection *c)
{
	struct mme_capture *capture = c->role == MME_ROLE_MONGOD ? bpf_sk_storage_get(&captures, sk, 0, 0) : 0;

	if (!capture)
		return;
	count_connections(MME_COUNT_CAPTURES, -1);
	tell_unanswered(capture, c->target, c->peer, bpf_get_socket_cookie(ops));
}

/* Requests that will not be answered any more. */
static __always_inline void closed(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct mme_connection *c;
	__u32 unanswered, waiting;

	if (!sk)
		return;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c || !(c->flags & MME_CONNECTION_COUNTED) || (c->flags & MME_CONNECTION_CLOSED))
		return;
	c->flags |= MME_CONNECTION_CLOSED;
	count_connections(MME_COUNT_TRACKED, -1);
	if (c->role == MME_ROLE_NONE || c->role == MME_ROLE_FOREIGN)
		return;
	if (!(c->flags & (MME_CONNECTION_PASSIVE | MME_CONNECTION_ACTIVE))) {
		if (ops->args[0] == MME_TCP_SYN_SENT)
			count_connect_failure(ops, c);
		return;
	}
	count_open(c->role, c->target, (__u16)ops->local_port, -1);
	end_capture(ops, sk, c);
	waiting = mme_connection_parked(c);
	if (waiting) {
		const __u64 cookie = bpf_get_socket_cookie(ops);

		account_skipped(c->role, MME_SKIP_GAP, waiting, 0);
		bpf_map_delete_elem(&parked_places, &cookie);
	}
	if (c->role == MME_ROLE_MONGOD)
		unanswered = c->pending.flags & MME_PENDING_USED ? 1 : 0;
	else
		unanswered = (__u16)(c->request.count - c->reply.count);
	count_end(ops, c, unanswered);
	if (unanswered && client_left(ops, c) && record_left(ops, c))
		unanswered--;
	if (unanswered)
		account_skipped(c->role, MME_SKIP_NO_REPLY, 0, unanswered);
}

SEC("sockops")
int mme_sockops(struct bpf_sock_ops *ops)
{
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		connecting(ops);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		opened(ops);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accepted(ops);
		break;
	case BPF_SOCK_OPS_RETRANS_CB:
		retransmitted(ops);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] == MME_TCP_CLOSE)
			closed(ops);
		break;
	default:
		break;
	}
	return 1;
}

/* Runs in the process that connects, so it knows for sure that this is Traefik. */
static __always_inline int connects(struct bpf_sock_addr *address)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32;
	__u16 *target = bpf_map_lookup_elem(&processes, &process);
	struct mme_connection *c;

	if (!target || address->protocol != MME_IPPROTO_TCP || !address->sk)
		return 1;
	if (connections_full(MME_COUNT_TRACKED)) {
		account_skipped(MME_ROLE_UPSTREAM, MME_SKIP_CONNECTION_CAP, 0, 1);
		return 1;
	}
	c = bpf_sk_storage_get(&connections, address->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c || c->role != MME_ROLE_NONE)
		return 1;
	c->target = *target;
	c->role = MME_ROLE_UPSTREAM;
	mme_connection_start(c);
	return 1;
}

SEC("cgroup/connect4")
int mme_connect4(struct bpf_sock_addr *address)
{
	return connects(address);
}

SEC("cgroup/connect6")
int mme_connect6(struct bpf_sock_addr *address)
{
	return connects(address);
}

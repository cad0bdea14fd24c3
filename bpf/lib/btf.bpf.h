/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is read of the kernel's own structs. Their layout is the running kernel's: libbpf finds it in its BTF. */
#ifndef MME_BTF_BPF_H
#define MME_BTF_BPF_H

#include "common.bpf.h"

#define MME_BY_BTF __attribute__((preserve_access_index))

struct seq_file;

struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
} MME_BY_BTF;

struct sock_common {
	__u32 skc_daddr;
	__u16 skc_dport; /* network order */
	__u16 skc_num;	 /* the local port, host order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct {
		__s64 counter;
	} skc_cookie; /* 0: nobody has asked for it yet */
} MME_BY_BTF;

struct sock {
	struct sock_common __sk_common;
} MME_BY_BTF;

struct bpf_iter_meta {
	struct seq_file *seq;
} MME_BY_BTF;

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct sock *sk;
	void *value;
} MME_BY_BTF;

#endif

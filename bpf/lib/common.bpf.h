/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_COMMON_BPF_H
#define MME_COMMON_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "mme/abi.h"
#include "mme/exchange.h"
#include "mme/histogram.h"

/* Set by the agent before loading. */
const volatile struct mme_settings settings;

/* `length`, known to be 1 … `limit` (a power of two), in a form whose bounds every verifier understands. */
static __always_inline __u64 bounded_length(__u64 length, __u64 limit)
{
	mme_opaque(length);
	length = (length - 1) & (limit - 1);
	mme_opaque(length);
	return length + 1;
}

#endif

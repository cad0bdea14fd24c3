/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Brings the next bytes of a segment before the parser. Each function is verified once, on its own, and finds its
 * working memory by slot. */
#ifndef MME_WINDOW_BPF_H
#define MME_WINDOW_BPF_H

#include "scratch.bpf.h"

enum mme_load {
	MME_LOAD_OK = 0,
	MME_LOAD_END,  /* the segment is used up */
	MME_LOAD_LOST, /* its bytes were not kept, or a helper failed */
};

/* From the packet. */
__noinline __weak int load_packet(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	__u64 bytes;

	if (!s)
		return MME_LOAD_LOST;
	if (s->offset >= s->end)
		return MME_LOAD_END;
	bytes = s->end - s->offset;
	if (bytes > MME_WINDOW_BYTES)
		bytes = MME_WINDOW_BYTES;
	bytes = bounded_length(bytes, MME_WINDOW_BYTES);
	if (bpf_skb_load_bytes(skb, s->offset, s->window.bytes, bytes))
		return MME_LOAD_LOST;
	s->offset += (__u32)bytes;
	s->window.length = (__u32)bytes;
	s->window.position = 0;
	return MME_LOAD_OK;
}

/* From a parked segment, which `s->key` names. */
__noinline __weak int load_parked(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_parked *from;
	__u32 bytes;

	if (!s)
		return MME_LOAD_LOST;
	if (s->offset >= s->end)
		return MME_LOAD_END;
	from = bpf_map_lookup_elem(&parked, &s->key);
	if (!from || s->offset >= from->kept)
		return MME_LOAD_LOST;
	bytes = from->kept - s->offset;
	if (bytes > MME_WINDOW_BYTES)
		bytes = MME_WINDOW_BYTES;
	for (__u32 i = 0; i < MME_WINDOW_BYTES / 8; i++) {
		const __u32 at = (s->offset + i * 8) & (MME_PARKED_BYTES - 1);

		*(__u64 *)(s->window.bytes + i * 8) = *(__u64 *)(from->data + at);
	}
	s->offset += bytes;
	s->window.length = bytes;
	s->window.position = 0;
	return MME_LOAD_OK;
}

/* Parses on in the window; enum mme_step. */
__noinline __weak int feed_http(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	return s ? mme_http1_feed(&s->direction.http, &s->head, &s->window) : MME_STEP_BAD;
}

__noinline __weak int feed_mongo(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	return s ? mme_mongo_feed(&s->direction.mongo, &s->names, &s->window) : MME_STEP_BAD;
}

#endif

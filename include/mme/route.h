/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What of a request's head decides where Traefik sends it: path and host, as they come over the wire.
 *
 * Rules of routers compare a path with literals (Path, PathPrefix) only, so the longest literal that is its prefix, and
 * whether that is all of it, decide every such comparison: requests fall into classes, for each of which the agent
 * answers once. What is odd, or what looks at more of a head, is asked request by request. */
#ifndef MME_ROUTE_H
#define MME_ROUTE_H

#include "abi.h"
#include "cursor.h"

enum mme_route_flag {
	MME_ROUTE_ODD =
	    1 << 0, /* not what Traefik compares as it is: another form of target, escapes, what no URL has, "//",
		    "/." */
	MME_ROUTE_HAS_HOST = 1 << 1,
	MME_ROUTE_LOST = 1 << 2,      /* its first part was not kept */
	MME_ROUTE_FORWARDED = 1 << 3, /* it has X-Forwarded-…, as all that Traefik forwards */
};

/* Of one request, filled while its head is parsed. 8 bytes behind `path` and `host` may be written, and never count. */
struct mme_route_head {
	struct mme_route_prefix key; /* its path; the rest is set for the look-up */
	__u8 behind_path[8];
	__u8 host[MME_ROUTE_BYTES]; /* lower case */
	__u8 behind_host[8];
	__u16 path_bytes; /* of the whole path, without the query; may exceed MME_ROUTE_BYTES */
	__u16 host_bytes;
	__u8 last;  /* byte of the path */
	__u8 flags; /* enum mme_route_flag */
	__u8 pad[2];
};
MME_ASSERT_SIZE(struct mme_route_head, 160);

MME_INLINE void mme_route_start(struct mme_route_head *head)
{
	head->path_bytes = 0;
	head->host_bytes = 0;
	head->last = 0;
	head->flags = 0;
}

/* Where the next word goes: at `bytes`, or behind the kept ones. Without a branch, for the verifier's sake. */
MME_INLINE __u32 mme_route_place(__u32 bytes)
{
	const __u32 full = (__u32)((__s32)(MME_ROUTE_BYTES - 1 - bytes) >> 31);
	__u32 place = (bytes & ~full & (MME_ROUTE_BYTES - 1)) | (full & MME_ROUTE_BYTES);

	mme_opaque(place);
	return place & (2 * MME_ROUTE_BYTES - 1);
}

/* The next `bytes`, 1 to 8, of the path. Paths of 64 KiB count modulo that; they are odd. */
MME_INLINE void mme_route_path(struct mme_route_head *head, __u64 word, __u32 bytes)
{
	const __u32 unused = 8 * ((8 - bytes) & 7);
	const __u64 slashes = mme_word_marks(word << 8 | head->last, '/');
	__u64 odd = (slashes & (mme_word_marks(word, '/') | mme_word_marks(word, '.'))) | mme_word_marks(word, '%');

	odd |= mme_word_blanks(word) | mme_word_marks(word, '#') | mme_word_marks(word, 0x7f);
	odd = (odd << unused) | (head->path_bytes >> 15);
	odd |= (__u64)(head->last == 0) & (__u64)((word & 0xff) != '/');
	mme_opaque(odd);
	if (odd)
		head->flags |= MME_ROUTE_ODD;
	mme_store64((char *)head->key.path + mme_route_place(head->path_bytes), word);
	head->path_bytes = (__u16)(head->path_bytes + bytes);
	head->last = (__u8)(word << unused >> 56);
}

/* The next `bytes`, 1 to 8, of the Host header's value; one byte is a word's lowest. */
MME_INLINE void mme_route_host(struct mme_route_head *head, __u64 word, __u32 bytes)
{
	mme_store64((char *)head->host + mme_route_place(head->host_bytes), mme_word_lower(word));
	head->host_bytes = (__u16)(head->host_bytes + bytes);
	if (head->host_bytes >> 15)
		head->flags |= MME_ROUTE_ODD;
}

/* Bits of the look-up key that the path fills. */
MME_INLINE __u32 mme_route_prefix_bits(__u32 path_bytes)
{
	return 8 * (4 + (path_bytes < MME_ROUTE_BYTES ? path_bytes : MME_ROUTE_BYTES));
}

/* What follows the host's first colon, from `i` on, is a port, or else Go does not take it off. */
MME_INLINE void mme_route_port(struct mme_route_head *head, __u32 i)
{
	for (; i < MME_ROUTE_BYTES && i < head->host_bytes; i++) {
		if (head->host[i] == ':')
			head->flags |= MME_ROUTE_ODD;
	}
}

/* The host without its port, as a number; marks what Traefik does not compare as it is: "[::1]", "a.", "a:b:c" */
MME_INLINE __u64 mme_route_host_hash(struct mme_route_head *head)
{
	__u64 hash = MME_HASH_START;
	__u8 last = 0;

	if (head->host_bytes > MME_ROUTE_BYTES || head->host[0] == '[') {
		head->flags |= MME_ROUTE_ODD;
		return 0;
	}
	for (__u32 i = 0; i < MME_ROUTE_BYTES && i < head->host_bytes; i++) {
		const __u8 byte = head->host[i];

		if (byte == ':') {
			mme_route_port(head, i + 1);
			break;
		}
		hash = mme_hash_byte(hash, byte);
		last = byte;
	}
	if (last == '.')
		head->flags |= MME_ROUTE_ODD;
	return hash;
}

/* The request's class, where `literal` is the longest one. */
MME_INLINE void mme_route_class_of(struct mme_route_head *head, const struct mme_route_literal *literal, __u8 method,
				   struct mme_route_class *result)
{
	result->literal = literal->number;
	result->exact = head->path_bytes == literal->bytes;
	result->method = method;
	result->pad = 0;
	result->host = literal->flags & MME_ROUTE_BY_HOST ? mme_route_host_hash(head) : 0;
}

#endif

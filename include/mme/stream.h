/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where a TCP segment stands in its stream. Hooks see retransmits, reordered segments and segments that TCP will
 * reject, so every direction keeps its own next sequence number (RFC 9293, 3.4; comparisons modulo 2^32). */
#ifndef MME_STREAM_H
#define MME_STREAM_H

#include "platform.h"

/* Farther from the expected byte than any receive window in use (tcp_rmem allows 32 MiB at most by default). */
#define MME_STREAM_REACH (1 << 26)

enum mme_place {
	MME_PLACE_NEXT = 0, /* holds the expected byte, perhaps behind bytes seen before */
	MME_PLACE_OLD,	    /* nothing new */
	MME_PLACE_AHEAD,    /* a hole before it */
	MME_PLACE_FAR,	    /* TCP would not accept it either */
};

/* `*seen`: how many of the segment's first bytes lie before `next`, for MME_PLACE_NEXT. */
MME_INLINE enum mme_place mme_stream_place(__u32 next, __u32 sequence, __u32 bytes, __u32 *seen)
{
	const __s32 distance = (__s32)(sequence - next);

	*seen = 0;
	if (distance > MME_STREAM_REACH || distance < -MME_STREAM_REACH)
		return MME_PLACE_FAR;
	if (distance > 0)
		return MME_PLACE_AHEAD;
	if ((__s32)(sequence + bytes - next) <= 0)
		return MME_PLACE_OLD;
	*seen = (__u32)-distance;
	return MME_PLACE_NEXT;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The window over a stream that the parsers read, and the small text tools that both share. */
#ifndef MME_CURSOR_H
#define MME_CURSOR_H

#include "limits.h"
#include "platform.h"

/* Up to MME_WINDOW_BYTES consecutive bytes of one direction. `position` is the next byte to read.
 * The 8 bytes behind the window may be loaded by mme_window_load64() but are never used. */
struct mme_window {
	__u8 bytes[MME_WINDOW_BYTES + 8];
	__u32 length;
	__u32 position;
};

/* How a parser came back. */
enum mme_step {
	MME_STEP_MORE = 0, /* the window is used up; the message goes on */
	MME_STEP_HEAD,	   /* a request's head is complete; its body, if any, follows */
	MME_STEP_MESSAGE,  /* a message is complete with the byte before `position` */
	MME_STEP_BAD,	   /* not the protocol; the parser's `reason` says why */
};

MME_INLINE __u8 mme_window_byte(const struct mme_window *window, __u32 position)
{
	return window->bytes[position & (MME_WINDOW_BYTES - 1)];
}

/* Eight bytes from `position` on, the first in the low bits (all supported CPUs are little-endian). */
MME_INLINE __u64 mme_window_load64(const struct mme_window *window, __u32 position)
{
	const __u8 *at = window->bytes + (position & (MME_WINDOW_BYTES - 1));
#if defined(__bpf__)
	return *(const __u64 *)at; /* the kernel allows unaligned loads where the CPU does */
#else
	__u64 value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
#endif
}

/* The high bit of each byte of a word that is `needle`; above such a byte, one that differs by 1 may be marked as well.
 * The word trick is Mycroft's: the first zero byte of x is the lowest set 0x80 of (x - 0x01..) & ~x & 0x80.. */
MME_INLINE __u64 mme_word_marks(__u64 word, __u8 needle)
{
	const __u64 ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;
	const __u64 x = word ^ (ones * needle);

	return (x - ones) & ~x & highs;
}

/* The same of bytes up to ' '. */
MME_INLINE __u64 mme_word_blanks(__u64 word)
{
	const __u64 ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;

	return (word - ones * ('!')) & ~word & highs;
}

/* The byte of the lowest mark; 8: there is none. */
MME_INLINE __u32 mme_word_first(__u64 marks)
{
	if (!marks)
		return 8;
	/* the lowest mark is 0x80 << 8k; the product's top byte is then k */
	return (__u32)((((marks & (~marks + 1)) >> 7) * 0x0001020304050607ull) >> 56);
}

/* Where `needle` first stands in a word of eight bytes; 8: nowhere. */
MME_INLINE __u32 mme_word_find(__u64 word, __u8 needle)
{
	return mme_word_first(mme_word_marks(word, needle));
}

/* Words that mme_window_skip_to() looks at in one call. */
#define MME_SKIP_WORDS 6

/* Moves past everything up to and including the next `needle`, some words at a time. Returns 1 when `needle` was
 * consumed, 0 when it was not among the bytes passed. */
MME_INLINE int mme_window_skip_to(struct mme_window *window, __u8 needle)
{
	const __u32 length = window->length;
	__u32 position = window->position;

	for (__u32 i = 0; i < MME_SKIP_WORDS && position < length; i++) {
		const __u32 index = mme_word_find(mme_window_load64(window, position), needle);

		position += index;
		if (index < 8 && position < length) {
			window->position = position + 1;
			return 1;
		}
	}
	window->position = position < length ? position : length;
	return 0;
}

/* Eight characters in lower case, ASCII only, without a branch. */
MME_INLINE __u64 mme_word_lower(__u64 word)
{
	const __u64 ones = 0x0101010101010101ull;
	const __u64 low = word & (0x7f * ones);
	const __u64 from_a = low + (0x80 - 'A') * ones, beyond_z = low + (0x7f - 'Z') * ones;
	const __u64 upper = ~word & (from_a ^ beyond_z) & (0x80 * ones);

	return word | (upper >> 2);
}

MME_INLINE void mme_store64(char *at, __u64 value)
{
#if defined(__bpf__)
	*(__u64 *)at = value;
#else
	__builtin_memcpy(at, &value, sizeof(value));
#endif
}

/* FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), one byte at a time so that a token may be cut anywhere.
 */
#define MME_HASH_START 0xcbf29ce484222325ull

MME_INLINE __u64 mme_hash_byte(__u64 hash, __u8 byte)
{
	return (hash ^ byte) * 0x100000001b3ull;
}

/* The first `count` <= 8 bytes of a word. */
MME_INLINE __u64 mme_hash_word(__u64 hash, __u64 word, __u32 count)
{
	for (__u32 i = 0; i < 8 && i < count; i++)
		hash = mme_hash_byte(hash, (__u8)(word >> (8 * i)));
	return hash;
}

MME_INLINE __u8 mme_lower(__u8 byte)
{
	return byte >= 'A' && byte <= 'Z' ? (__u8)(byte | 0x20) : byte;
}

#endif

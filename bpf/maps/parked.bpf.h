/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_MAPS_PARKED_H
#define MME_MAPS_PARKED_H

#include "common.bpf.h"

#define MME_PARKED_BYTES 2048 /* a power of two */

/* A piece of a segment by its connection and where it begins. */
struct mme_parked_key {
	/* the socket's cookie; or, for what arrived on a listening socket, the addresses of both ends, IPv4 as
	 * ::ffff:a.b.c.d, network order */
	__u64 connection[4];
	__u16 source_port; /* both 0 with a cookie */
	__u16 port;	   /* ours; both host order */
	__u32 sequence;
};

/* Up to MME_PARKED_BYTES of a segment that cannot be parsed yet: it arrived before the bytes in front of it, or on a
 * listening socket with the third ACK or a TFO SYN. */
struct mme_parked {
	__u64 arrived_ns;
	__u32 bytes; /* of the piece */
	__u32 kept;  /* of them in `data` */
	__u16 target;
	__u8 role;
	__u8 pad[5];
	__u8 data[MME_PARKED_BYTES + 8];
};

/* Written and read by the programs. Full: the least recently used goes; its bytes then count as `gap`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 336);
	__type(key, struct mme_parked_key);
	__type(value, struct mme_parked);
} parked SEC(".maps");

#define MME_PARKED_PLACES 256 /* a power of two; 512 KiB: what one CPU brings while another one waits for its turn */

/* Where one connection's pieces begin: what is retransmitted may be cut elsewhere, so pieces overlap. They come and go
 * in order most of the time, so each search begins where the last one ended. */
struct mme_parked_places {
	__u32 note_from;
	__u32 take_from;
	__u32 sequence[MME_PARKED_PLACES];
	__u32 bytes[MME_PARKED_PLACES]; /* 0: not to be taken (yet) */
	__u32 users[MME_PARKED_PLACES]; /* whoever finds itself alone after its increment owns the place */
};

/* By socket cookie. Written and read by the programs. Full: the least recently used goes, and its
 * bytes count as `gap` when the connection closes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 32);
	__type(key, __u64);
	__type(value, struct mme_parked_places);
} parked_places SEC(".maps");

#endif

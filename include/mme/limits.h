/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Every constant bound of the parsers and maps, in one place. */
#ifndef MME_LIMITS_H
#define MME_LIMITS_H

#define MME_WINDOW_BYTES 512  /* bytes of a segment copied at a time; a power of two */
#define MME_FEED_TURNS 20     /* of a parser in one call; the caller calls again */
#define MME_NAME_BYTES 120    /* longest database or collection name kept; the rest is cut, the hash is of the whole */
#define MME_BOUNDS_MAX 20     /* configured `le` bounds */
#define MME_BUCKETS 216	      /* native-histogram schema 3: 8 per octave, 2^-20 s … 2^7 s */
#define MME_NETWORK_BOUNDS 12 /* `le` bounds of round trips and connection set-ups, see mme_network_bounds_us */
#define MME_SHARDS_MAX 8      /* copies of the histograms; CPUs beyond share them by atomic adds */
#define MME_CAPTURE_REQUEST_BYTES 1024	   /* of a MongoDB request that the agent may be shown, */
#define MME_CAPTURE_REPLY_BYTES 512	   /* and of its reply; powers of two */
#define MME_PIECE_BYTES 4096		   /* of a long compressed request, at a time; a power of two */
#define MME_SHORT_PIECE_BYTES 512	   /* of the end of one; a power of two */
#define MME_PIECES_BYTES (132 * 1024)	   /* of one, in all: a first block of zstd with all that it may need */
#define MME_PIECES_WHOLE_BYTES (16 * 1024) /* longest one that is told whole, for a `$db` behind its documents */
#define MME_COMMANDS_BYTES (128 * 1024)	   /* of the ring that tells of MongoDB's exchanges; a power of two */
#define MME_RETIRED_MAX 128		   /* slots of retired series that wait for others */
#define MME_CAPTURES_MAX 8192		   /* connections at once whose messages are kept */
#define MME_HTTP_HEAD_BYTES 65536	   /* longer heads are not HTTP for us */
#define MME_MONGO_MESSAGE_BYTES 48000000u  /* maxMessageSizeBytes of a hello reply */

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Keeps the first bytes of a MongoDB exchange until its end, and tells the agent of those that it wants to know: slow
 * ones, compressed ones, handshakes. Each function is verified once, on its own. */
#ifndef MME_CAPTURE_BPF_H
#define MME_CAPTURE_BPF_H

#include "captures.bpf.h"
#include "scratch.bpf.h"

/* Hands the exchange over with what is kept of its messages, which are then no longer kept. */
static __always_inline int tell(struct mme_capture *capture)
{
	__u64 bytes = capture->exchange.request_kept + capture->exchange.reply_kept;
	int told;

	if (bytes > MME_CAPTURE_REQUEST_BYTES + MME_CAPTURE_REPLY_BYTES)
		bytes = 0;
	bytes = bounded_length(bytes + sizeof(capture->exchange), 2048);
	if (bytes > sizeof(capture->exchange) + MME_CAPTURE_REQUEST_BYTES + MME_CAPTURE_REPLY_BYTES)
		return 0;
	told = !bpf_ringbuf_output(&commands, &capture->exchange, bytes, 0);
	if (!told)
		count_lost_command(MME_LOST_RING_FULL);
	capture->exchange.request_kept = 0;
	capture->exchange.reply_kept = 0;
	return told;
}

static __always_inline int is_compressed(const struct mme_capture *capture)
{
	return capture->exchange.request_kept >= 32 && *(__u32 *)(capture->request + 12) == MME_OP_COMPRESSED;
}

/* Of a compressed request nobody in the kernel knows whether it wants a reply. What is kept of one is told when there
 * can be none any more. */
static __always_inline void tell_unanswered(struct mme_capture *capture, __u16 target, __u8 peer, __u64 cookie)
{
	struct mme_mongo_exchange *exchange = &capture->exchange;
	const __u32 kept = exchange->request_kept;

	if (!is_compressed(capture))
		return;
	__builtin_memset(exchange, 0, sizeof(*exchange));
	exchange->key.target = target;
	exchange->key.family = MME_FAMILY_MONGO;
	exchange->key.code = MME_COMMAND_compressed;
	exchange->key.method = peer;
	exchange->cookie = cookie;
	exchange->why = MME_TOLD_COMPRESSED | MME_TOLD_UNANSWERED;
	exchange->request_bytes = *(__u32 *)capture->request;
	exchange->request_kept = kept;
	tell(capture);
}

/* Tells `bytes` of the packet, from s->piece_at on, in a place for `room`, a power of two; 0: the ring is full. */
static __always_inline int tell_piece(struct __sk_buff *skb, struct mme_scratch *s, const struct mme_capture *capture,
				      __u64 bytes, const __u32 room)
{
	struct mme_piece *piece = bpf_ringbuf_reserve(&commands, offsetof(struct mme_piece, data) + room, 0);

	if (!piece)
		return 0;
	__builtin_memset(&piece->exchange, 0, sizeof(piece->exchange));
	piece->exchange.cookie = bpf_get_socket_cookie(skb);
	piece->exchange.why = MME_TOLD_PIECE;
	piece->exchange.cursor_id = *(__u32 *)(capture->request + 4);
	bytes = bounded_length(bytes, room);
	if (!bpf_skb_load_bytes(skb, s->piece_at, piece->data, bytes))
		piece->exchange.request_kept = (__u32)bytes;
	bpf_ringbuf_submit(piece, 0);
	return 1;
}

#define MME_PIECES_A_SEGMENT 17
#define MME_COMPRESSOR_ZSTD 3

/* Tells what the packet has, from s->piece_at on, of the bytes that are wanted. A piece that is lost ends it: the agent
 * then cannot open what it has. */
__noinline __weak int tell_pieces(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_capture *capture;

	if (!s || !sk)
		return 0;
	capture = bpf_sk_storage_get(&captures, sk, 0, 0);
	if (!capture)
		return 0;
	for (int i = 0; i < MME_PIECES_A_SEGMENT; i++) {
		__u64 bytes;
		int told;

		if (s->piece_at >= s->end || !capture->pieces_wanted)
			return 0;
		bytes = s->end - s->piece_at;
		if (bytes > capture->pieces_wanted)
			bytes = capture->pieces_wanted;
		if (bytes > MME_PIECE_BYTES)
			bytes = MME_PIECE_BYTES;
		told = bytes <= MME_SHORT_PIECE_BYTES ? tell_piece(skb, s, capture, bytes, MME_SHORT_PIECE_BYTES)
						      : tell_piece(skb, s, capture, bytes, MME_PIECE_BYTES);
		if (!told) {
			capture->pieces_wanted = 0;
			count_lost_command(MME_LOST_RING_FULL);
			return 0;
		}
		capture->pieces_wanted -= (__u32)bytes;
		s->piece_at += (__u32)bytes;
	}
	return 0;
}

/* A segment in the middle of a request. */
__noinline __weak int continue_request(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_capture *capture;

	if (!s || !sk)
		return 0;
	capture = bpf_sk_storage_get(&captures, sk, 0, 0);
	if (!capture || !capture->pieces_wanted)
		return 0;
	if (s->from_parked) { /* its bytes are elsewhere */
		capture->pieces_wanted = 0;
		return 0;
	}
	s->piece_at = s->offset;
	return tell_pieces(skb, slot);
}

/* Does the stream, of zstd, begin with a block that is not compressed? (RFC 8878, 3.1.1) */
static __always_inline int begins_raw(const __u8 *stream)
{
	const __u8 descriptor = stream[4], single = descriptor >> 5 & 1, content_size = descriptor >> 6;
	const __u8 dictionary = (descriptor & 3) == 3 ? 4 : descriptor & 3;
	const __u32 content_bytes = content_size ? 1 << content_size : single;
	const __u64 at = bounded_length(5 + !single + dictionary + content_bytes, 32);

	return (stream[at] >> 1 & 3) == 0;
}

/* Of the request whose first bytes are kept. zstd shows nothing of a compressed block before its end; of what shows
 * its beginning, the rest is told where it is short. */
static __always_inline __u32 pieces_wanted(const struct mme_capture *capture)
{
	const __u32 length = *(__u32 *)capture->request;

	if (!is_compressed(capture) || length <= capture->exchange.request_kept)
		return 0;
	if (capture->request[24] != MME_COMPRESSOR_ZSTD || begins_raw(capture->request + 25))
		return length > MME_PIECES_WHOLE_BYTES || ring_is_busy() ? 0 : length - capture->exchange.request_kept;
	return (length < MME_PIECES_BYTES ? length : MME_PIECES_BYTES) - capture->exchange.request_kept;
}

/* A request begins in this packet, at s->message_at. */
__noinline __weak int capture_request(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_connection *c;
	struct mme_capture *capture;
	__u64 bytes;

	if (!s || !sk || s->message_at >= s->end)
		return 0;
	c = bpf_sk_storage_get(&connections, sk, 0, 0);
	if (!c)
		return 0;
	capture = capture_of(sk, c);
	if (!capture)
		return 0;
	tell_unanswered(capture, s->target, c->peer, bpf_get_socket_cookie(skb));
	capture->exchange.request_kept = 0;
	capture->exchange.reply_kept = 0;
	capture->pieces_wanted = 0;
	capture->replied_ns = 0;
	capture->started_ns = s->now_ns;
	bytes = s->end - s->message_at;
	if (bytes > MME_CAPTURE_REQUEST_BYTES)
		bytes = MME_CAPTURE_REQUEST_BYTES;
	bytes = bounded_length(bytes, MME_CAPTURE_REQUEST_BYTES);
	if (bpf_skb_load_bytes(skb, s->message_at, capture->request, bytes))
		return 0;
	capture->exchange.request_kept = (__u32)bytes;
	capture->pieces_wanted = pieces_wanted(capture);
	s->piece_at = s->message_at + (__u32)bytes;
	if (capture->pieces_wanted)
		tell_pieces(skb, slot);
	return 0;
}

/* A further reply to one request: it has the request's room too, for hellos that name many members. */
static __always_inline void capture_streamed(struct __sk_buff *skb, const struct mme_scratch *s,
					     struct mme_capture *capture)
{
	const __u16 command = s->direction.mongo.command;
	__u64 bytes = s->end - s->message_at;

	if (command != MME_COMMAND_compressed && !mme_mongo_is_hello(command))
		return;
	if (bytes > MME_CAPTURE_REQUEST_BYTES)
		bytes = MME_CAPTURE_REQUEST_BYTES;
	bytes = bounded_length(bytes, MME_CAPTURE_REQUEST_BYTES);
	if (!bpf_skb_load_bytes(skb, s->message_at, capture->request, bytes))
		capture->exchange.reply_kept = (__u32)bytes;
}

/* A reply begins in this packet, at s->message_at. */
__noinline __weak int capture_reply(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct bpf_sock *sk = skb->sk;
	struct mme_capture *capture;
	__u64 bytes, behind;

	if (!s || !sk || s->message_at >= s->end)
		return 0;
	capture = bpf_sk_storage_get(&captures, sk, 0, 0);
	if (!capture)
		return 0;
	capture->replied_ns = s->now_ns;
	capture->exchange.reply_kept = 0;
	if (!capture->exchange.request_kept) {
		capture_streamed(skb, s, capture);
		return 0;
	}
	behind = bounded_length(capture->exchange.request_kept, MME_CAPTURE_REQUEST_BYTES);
	bytes = s->end - s->message_at;
	if (bytes > MME_CAPTURE_REPLY_BYTES)
		bytes = MME_CAPTURE_REPLY_BYTES;
	bytes = bounded_length(bytes, MME_CAPTURE_REPLY_BYTES);
	if (!bpf_skb_load_bytes(skb, s->message_at, capture->request + behind, bytes))
		capture->exchange.reply_kept = (__u32)bytes;
	return 0;
}

static __always_inline __u8 why_told(const struct mme_scratch *s)
{
	const __u16 command = s->request.label;
	__u8 why = 0;

	if (command == MME_COMMAND_compressed)
		why = MME_TOLD_COMPRESSED;
	else if (mme_mongo_is_hello(command))
		why = MME_TOLD_HELLO;
	if (s->request.flags & MME_PENDING_STREAMED)
		return why ? why | MME_TOLD_STREAMED : 0;
	return s->sample.kind == MME_SAMPLE_LATENCY && is_slow(s->sample.duration_ns) ? why | MME_TOLD_SLOW : why;
}

static __always_inline void describe_exchange(const struct mme_scratch *s, __u8 why,
					      struct mme_mongo_exchange *exchange)
{
	exchange->key = s->sample.key;
	exchange->cookie = s->cookie;
	exchange->ended_ns = s->now_ns;
	exchange->duration_ns = s->sample.duration_ns;
	exchange->request_bytes = s->sample.request_bytes;
	exchange->response_bytes = s->sample.response_bytes;
	exchange->client[0] = s->client[0];
	exchange->client[1] = s->client[1];
	exchange->client_port = s->client_port;
	exchange->why = why;
	exchange->errors = s->sample.errors;
	exchange->documents = s->sample.documents;
	exchange->cursor = s->sample.cursor;
	exchange->origin = s->sample.origin;
	exchange->cursor_id = s->sample.cursor_id;
	for (int kind = 0; kind < MME_MONGO_ERROR_KINDS; kind++)
		exchange->error_codes[kind] = s->sample.error_codes[kind];
}

/* Whether what is kept is of the exchange of s->sample. */
static __always_inline int is_kept(const struct mme_capture *capture, const struct mme_scratch *s, __u8 why)
{
	if (why & MME_TOLD_STREAMED)
		return capture->exchange.reply_kept != 0;
	return capture->exchange.request_kept >= 16 && *(__u32 *)(capture->request + 4) == s->request.id;
}

/* The exchange of s->sample has ended with this packet. Returns 1 when the agent counts it: it was compressed, and the
 * agent was told of it with its messages. */
__noinline __weak int tell_command(struct __sk_buff *skb, __u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_mongo_exchange alone = {};
	struct bpf_sock *sk = skb->sk;
	struct mme_capture *capture;
	__u8 why;

	if (!s || !sk)
		return 0;
	why = why_told(s);
	if (!why)
		return 0;
	if (why == MME_TOLD_SLOW && ring_is_busy()) {
		count_lost_command(MME_LOST_RING_FULL);
		return 0;
	}
	s->cookie = bpf_get_socket_cookie(skb);
	capture = bpf_sk_storage_get(&captures, sk, 0, 0);
	if (!capture)
		count_lost_command(MME_LOST_NO_CAPTURE);
	if (!capture || !is_kept(capture, s, why)) {
		if (!(why & MME_TOLD_SLOW) || why & MME_TOLD_COMPRESSED)
			return 0;
		describe_exchange(s, why, &alone);
		if (bpf_ringbuf_output(&commands, &alone, sizeof(alone), 0))
			count_lost_command(MME_LOST_RING_FULL);
		return 0;
	}
	describe_exchange(s, why, &capture->exchange);
	capture->exchange.first_byte_ns = capture->replied_ns ? capture->replied_ns - capture->started_ns : 0;
	return tell(capture) && why & MME_TOLD_COMPRESSED;
}

#endif

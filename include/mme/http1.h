/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* HTTP/1.0 and 1.1 message framing (RFC 9112), one byte stream at a time, cut anywhere.
 *
 * The parser keeps its whole state in struct mme_http1, so a message may arrive in any number of pieces. It never
 * looks at body bytes. What it understands of a head: method, status, Content-Length, Transfer-Encoding and the four
 * headers from which Traefik derives its `protocol` label (pkg/middlewares/metrics/metrics.go, getRequestProtocol).
 * Path and host of a request go to a struct mme_route_head. */
#ifndef MME_HTTP1_H
#define MME_HTTP1_H

#include "abi.h"
#include "cursor.h"
#include "route.h"

enum mme_http1_phase {
	MME_HTTP1_START = 0, /* between messages */
	MME_HTTP1_METHOD,
	MME_HTTP1_TARGET,
	MME_HTTP1_QUERY,
	MME_HTTP1_VERSION,
	MME_HTTP1_STATUS_VERSION,
	MME_HTTP1_STATUS,
	MME_HTTP1_LINE, /* at the start of a header line */
	MME_HTTP1_NAME,
	MME_HTTP1_NUMBER, /* value of Content-Length */
	MME_HTTP1_TOKENS, /* a comma-separated value */
	MME_HTTP1_TYPE,	  /* value of Content-Type */
	MME_HTTP1_HOST,	  /* value of Host */
	MME_HTTP1_SKIP_LINE,
	MME_HTTP1_HEAD_END, /* after the CR of the empty line */
	MME_HTTP1_BODY,
	MME_HTTP1_CHUNK_SIZE,
	MME_HTTP1_CHUNK_EXTENSION,
	MME_HTTP1_CHUNK_DATA,
	MME_HTTP1_CHUNK_END,
	MME_HTTP1_TRAILER, /* at the start of a trailer line */
	MME_HTTP1_TRAILER_LINE,
	MME_HTTP1_TRAILER_END,
	MME_HTTP1_UNTIL_CLOSE, /* the body ends with the connection */
	MME_HTTP1_UPGRADED,    /* another protocol for the rest of the connection */
};

enum mme_http1_flag {
	MME_HTTP1_IS_REPLY = 1 << 0, /* set by the owner: this direction carries responses */
	MME_HTTP1_HAS_LENGTH = 1 << 1,
	MME_HTTP1_HAS_CODING = 1 << 2,
	MME_HTTP1_CHUNKED = 1 << 3, /* chunked is the last transfer coding */
	MME_HTTP1_CONNECTION_UPGRADE = 1 << 4,
	MME_HTTP1_UPGRADE_WEBSOCKET = 1 << 5,
	MME_HTTP1_EVENT_STREAM = 1 << 6,
	MME_HTTP1_GRPC = 1 << 7,
	MME_HTTP1_GRPC_WEB = 1 << 8,
	/* Traefik reads the first header of a name only */
	MME_HTTP1_SEEN_CONNECTION = 1 << 9,
	MME_HTTP1_SEEN_UPGRADE = 1 << 10,
	MME_HTTP1_SEEN_ACCEPT = 1 << 11,
	MME_HTTP1_SEEN_TYPE = 1 << 12,
	MME_HTTP1_GAP = 1 << 13,    /* white space inside or behind the current token */
	MME_HTTP1_DIGITS = 1 << 14, /* the current number has digits */
	MME_HTTP1_VERSION_10 = 1 << 15,
};

enum mme_http1_field {
	MME_FIELD_CODING = 0,
	MME_FIELD_CONNECTION,
	MME_FIELD_UPGRADE,
	MME_FIELD_ACCEPT,
};

/* One direction of one connection. All zero but MME_HTTP1_IS_REPLY is the start of a stream. */
struct mme_http1 {
	__u64 remaining;  /* body or chunk bytes left; the number while it is read */
	__u64 token;	  /* hash, or packed characters, of the token being read */
	__u64 body_bytes; /* of this message so far, without chunk framing */
	__u32 head_bytes;
	__u16 flags; /* enum mme_http1_flag */
	__u16 code;  /* reply: status */
	__u8 phase;  /* enum mme_http1_phase */
	__u8 method; /* request: enum mme_http_method. Reply: that of the request it answers, set by the owner */
	__u8 field;  /* enum mme_http1_field */
	__u8 token_bytes;
	__u8 reason; /* after MME_STEP_BAD: enum mme_skip */
	__u8 pad[3];
};
MME_ASSERT_SIZE(struct mme_http1, 40);

/* FNV-1a hashes of lower-case names and tokens; tests/unit/protocol recomputes each. */
#define MME_HASH_CONTENT_LENGTH 0x2d69a1e6ee916e7dull
#define MME_HASH_TRANSFER_ENCODING 0x8640bd735e9d802cull
#define MME_HASH_X_FORWAR 0xb98db94b731038f5ull /* x-forwar */
#define MME_HASH_HOST 0x4077f8cc7eaf4d6full
#define MME_HASH_CONNECTION 0xc7f597ea639b1b59ull
#define MME_HASH_UPGRADE 0x7f7d77d7c2a03db7ull
#define MME_HASH_ACCEPT 0x7e5f7abe09509b09ull
#define MME_HASH_CONTENT_TYPE 0x0f4dd5cf6a7a0235ull
#define MME_HASH_CHUNKED 0xe64e4a5f7769edf3ull
#define MME_HASH_WEBSOCKET 0x3d1d0f2538559210ull
#define MME_HASH_EVENT_STREAM 0x66e22b900351904cull
#define MME_HASH_GRPC 0x73f7854cb5384026ull
#define MME_HASH_GRPC_WEB 0x5c12db094e2d2535ull

/* Token characters packed into a word, the first in the low byte. */
#define MME_PACKED_HTTP10 0x302e312f50545448ull
#define MME_PACKED_HTTP11 0x312e312f50545448ull
#define MME_PACKED_HTTP20 0x302e322f50545448ull

#define MME_LOW_BYTES(n) ((1ull << (8 * (n))) - 1)

MME_INLINE enum mme_step mme_http1_bad(struct mme_http1 *p, __u8 reason)
{
	p->reason = reason;
	return MME_STEP_BAD;
}

MME_INLINE void mme_http1_token_start(struct mme_http1 *p, __u8 phase)
{
	p->phase = phase;
	p->token = MME_HASH_START;
	p->token_bytes = 0;
	p->flags &= (__u16)~MME_HTTP1_GAP;
}

/* Method names are case-sensitive (RFC 9110, 9.1). Longer than 8 characters: none of the set. */
MME_INLINE __u8 mme_http1_method(__u64 packed, __u8 bytes)
{
	if (bytes > 8)
		return MME_METHOD_EXTENSION;
	switch (packed) {
	case 0x544547ull:
		return MME_METHOD_GET;
	case 0x44414548ull:
		return MME_METHOD_HEAD;
	case 0x54534f50ull:
		return MME_METHOD_POST;
	case 0x545550ull:
		return MME_METHOD_PUT;
	case 0x4554454c4544ull:
		return MME_METHOD_DELETE;
	case 0x5443454e4e4f43ull:
		return MME_METHOD_CONNECT;
	case 0x534e4f4954504full:
		return MME_METHOD_OPTIONS;
	case 0x4543415254ull:
		return MME_METHOD_TRACE;
	case 0x4843544150ull:
		return MME_METHOD_PATCH;
	case 0x495250ull:
		return MME_METHOD_PRI;
	default:
		return MME_METHOD_EXTENSION;
	}
}

/* Traefik's order: websocket, sse, grpc-web, grpc, http. */
MME_INLINE __u8 mme_http1_protocol(const struct mme_http1 *p)
{
	const __u16 websocket = MME_HTTP1_CONNECTION_UPGRADE | MME_HTTP1_UPGRADE_WEBSOCKET;

	if ((p->flags & websocket) == websocket)
		return MME_HTTP_WEBSOCKET;
	if (p->flags & MME_HTTP1_EVENT_STREAM)
		return MME_HTTP_SSE;
	if (p->flags & MME_HTTP1_GRPC_WEB)
		return MME_HTTP_GRPC_WEB;
	return p->flags & MME_HTTP1_GRPC ? MME_HTTP_GRPC : MME_HTTP_PLAIN;
}

/* What follows `NAME:`; sets the phase that reads the value. */
MME_INLINE void mme_http1_field_start(struct mme_http1 *p)
{
	const __u64 name = p->token;
	const int is_reply = p->flags & MME_HTTP1_IS_REPLY;
	__u16 seen = 0;

	mme_http1_token_start(p, MME_HTTP1_SKIP_LINE);
	if (name == MME_HASH_CONTENT_LENGTH) {
		p->phase = MME_HTTP1_NUMBER;
		p->flags &= (__u16)~MME_HTTP1_DIGITS;
		p->token = p->remaining; /* of an earlier one */
		p->remaining = 0;
	} else if (name == MME_HASH_TRANSFER_ENCODING) {
		p->phase = MME_HTTP1_TOKENS;
		p->field = MME_FIELD_CODING;
	} else if (is_reply) {
		return; /* nothing else of a reply matters */
	} else if (name == MME_HASH_HOST) {
		p->phase = MME_HTTP1_HOST;
	} else if (name == MME_HASH_CONNECTION) {
		p->phase = MME_HTTP1_TOKENS;
		p->field = MME_FIELD_CONNECTION;
		seen = MME_HTTP1_SEEN_CONNECTION;
	} else if (name == MME_HASH_UPGRADE) {
		p->phase = MME_HTTP1_TOKENS;
		p->field = MME_FIELD_UPGRADE;
		seen = MME_HTTP1_SEEN_UPGRADE;
	} else if (name == MME_HASH_ACCEPT) {
		p->phase = MME_HTTP1_TOKENS;
		p->field = MME_FIELD_ACCEPT;
		seen = MME_HTTP1_SEEN_ACCEPT;
	} else if (name == MME_HASH_CONTENT_TYPE) {
		p->phase = MME_HTTP1_TYPE;
		seen = MME_HTTP1_SEEN_TYPE;
	}
	if (p->flags & seen)
		p->phase = MME_HTTP1_SKIP_LINE;
	p->flags |= seen;
}

MME_INLINE void mme_http1_token_end(struct mme_http1 *p)
{
	if (p->token_bytes == 0)
		return; /* an empty list element */
	switch (p->field) {
	case MME_FIELD_CODING:
		p->flags |= MME_HTTP1_HAS_CODING;
		if (p->token == MME_HASH_CHUNKED)
			p->flags |= MME_HTTP1_CHUNKED;
		else
			p->flags &= (__u16)~MME_HTTP1_CHUNKED;
		break;
	case MME_FIELD_CONNECTION:
		if (p->token == MME_HASH_UPGRADE)
			p->flags |= MME_HTTP1_CONNECTION_UPGRADE;
		break;
	case MME_FIELD_UPGRADE:
		if (p->token == MME_HASH_WEBSOCKET)
			p->flags |= MME_HTTP1_UPGRADE_WEBSOCKET;
		break;
	default:
		if (p->token == MME_HASH_EVENT_STREAM)
			p->flags |= MME_HTTP1_EVENT_STREAM;
	}
}

/* One byte of a comma-separated value; white space around elements does not count. */
MME_INLINE void mme_http1_token_byte(struct mme_http1 *p, __u8 byte)
{
	if (byte == ',') {
		mme_http1_token_end(p);
		mme_http1_token_start(p, MME_HTTP1_TOKENS);
	} else if (byte == ' ' || byte == '\t' || byte == '\r') {
		p->flags |= MME_HTTP1_GAP;
	} else if (p->token_bytes && (p->flags & MME_HTTP1_GAP)) {
		p->token = 0; /* two words: no token that we know */
	} else {
		p->flags &= (__u16)~MME_HTTP1_GAP;
		p->token = mme_hash_byte(p->token, mme_lower(byte));
		if (p->token_bytes < 255)
			p->token_bytes++;
	}
}

/* Content-Type is compared by prefix and by case, as Traefik does. */
MME_INLINE void mme_http1_type_byte(struct mme_http1 *p, __u8 byte)
{
	if (p->token_bytes == 0 && (byte == ' ' || byte == '\t'))
		return;
	p->token = mme_hash_byte(p->token, byte);
	if (p->token_bytes < 255)
		p->token_bytes++;
	if (p->token_bytes == 16 && p->token == MME_HASH_GRPC)
		p->flags |= MME_HTTP1_GRPC;
	if (p->token_bytes == 20 && p->token == MME_HASH_GRPC_WEB)
		p->flags |= MME_HTTP1_GRPC_WEB;
	if (p->token_bytes == 20)
		p->phase = MME_HTTP1_SKIP_LINE;
}

/* The body of a reply (RFC 9112, 6.3) begins, or its message is complete. */
MME_INLINE enum mme_step mme_http1_reply_head(struct mme_http1 *p)
{
	/* RFC 9112, 6.3 has CONNECT switch too; Go's server and client, and so Traefik, take it for any other method */
	if (p->code == 101) {
		p->phase = MME_HTTP1_UPGRADED;
		return MME_STEP_MESSAGE;
	}
	p->phase = MME_HTTP1_START;
	if (p->code < 200)
		return MME_STEP_MORE; /* interim: the final reply is still to come */
	if (p->method == MME_METHOD_HEAD || p->code == 204 || p->code == 304)
		return MME_STEP_MESSAGE;
	if (p->flags & MME_HTTP1_CHUNKED) {
		p->phase = MME_HTTP1_CHUNK_SIZE;
	} else if ((p->flags & MME_HTTP1_HAS_CODING) || !(p->flags & MME_HTTP1_HAS_LENGTH)) {
		p->phase = MME_HTTP1_UNTIL_CLOSE;
		return MME_STEP_MORE;
	} else if (p->remaining == 0) {
		return MME_STEP_MESSAGE;
	} else {
		p->phase = MME_HTTP1_BODY;
		return MME_STEP_MORE;
	}
	p->remaining = 0;
	p->flags &= (__u16)~MME_HTTP1_DIGITS;
	return MME_STEP_MORE;
}

MME_INLINE enum mme_step mme_http1_request_head(struct mme_http1 *p)
{
	if (p->flags & MME_HTTP1_CHUNKED) {
		p->phase = MME_HTTP1_CHUNK_SIZE;
		p->remaining = 0;
		p->flags &= (__u16)~MME_HTTP1_DIGITS;
	} else if (p->flags & MME_HTTP1_HAS_CODING) {
		return mme_http1_bad(p, MME_SKIP_MALFORMED); /* the length cannot be known (RFC 9112, 6.3 rule 4) */
	} else if ((p->flags & MME_HTTP1_HAS_LENGTH) && p->remaining) {
		p->phase = MME_HTTP1_BODY;
	} else {
		p->phase = MME_HTTP1_START;
	}
	return MME_STEP_HEAD;
}

/* HTTP/1.0 has no Transfer-Encoding: Go, and so Traefik, passes it over (net/http, parseTransferEncoding). */
MME_INLINE enum mme_step mme_http1_head_end(struct mme_http1 *p)
{
	if (p->flags & MME_HTTP1_VERSION_10)
		p->flags &= (__u16) ~(MME_HTTP1_CHUNKED | MME_HTTP1_HAS_CODING);
	return p->flags & MME_HTTP1_IS_REPLY ? mme_http1_reply_head(p) : mme_http1_request_head(p);
}

/* The first byte of a message. */
MME_INLINE enum mme_step mme_http1_start(struct mme_http1 *p, __u8 byte)
{
	const __u16 is_reply = p->flags & MME_HTTP1_IS_REPLY;

	if (!is_reply && (byte == '\r' || byte == '\n'))
		return MME_STEP_MORE; /* empty lines before a request are to be ignored (RFC 9112, 2.2) */
	if (byte == 0x16)
		return mme_http1_bad(p, MME_SKIP_TLS); /* a TLS handshake record (RFC 8446, 5.1) */
	if (byte < '!' || byte > '~')
		return mme_http1_bad(p, MME_SKIP_MALFORMED);
	p->flags = is_reply;
	p->phase = is_reply ? MME_HTTP1_STATUS_VERSION : MME_HTTP1_METHOD;
	p->token = byte;
	p->token_bytes = 1;
	p->remaining = 0;
	p->body_bytes = 0;
	p->head_bytes = 0;
	p->code = 0;
	return MME_STEP_MORE;
}

/* Appends to the packed token. Returns 0 when it is longer than 8 characters. */
MME_INLINE int mme_http1_pack(struct mme_http1 *p, __u8 byte)
{
	if (p->token_bytes < 8)
		p->token |= (__u64)byte << (8 * (p->token_bytes & 7));
	if (p->token_bytes < 255)
		p->token_bytes++;
	return p->token_bytes <= 8;
}

/* One byte of a Host header's value. Go refuses two of them, and blanks inside; the agent is asked what that means. */
MME_INLINE void mme_http1_host_byte(struct mme_http1 *p, struct mme_route_head *head, __u8 byte)
{
	if (byte == '\n') {
		p->phase = MME_HTTP1_LINE;
		head->flags |= MME_ROUTE_HAS_HOST;
	} else if (byte == ' ' || byte == '\t' || byte == '\r') {
		if (p->token_bytes)
			p->flags |= MME_HTTP1_GAP;
	} else {
		if ((p->flags & MME_HTTP1_GAP) || (head->flags & MME_ROUTE_HAS_HOST))
			head->flags |= MME_ROUTE_ODD;
		p->token_bytes = 1;
		mme_route_host(head, byte, 1);
	}
}

MME_INLINE enum mme_step mme_http1_version_end(struct mme_http1 *p)
{
	const __u8 minor = (__u8)(p->token >> 56);

	/* any minor version: what is newer is read as 1.1 (RFC 9110, 2.5) */
	if ((p->token & MME_LOW_BYTES(7)) == (MME_PACKED_HTTP11 & MME_LOW_BYTES(7)) && minor >= '0' && minor <= '9') {
		if (minor == '0')
			p->flags |= MME_HTTP1_VERSION_10;
		return MME_STEP_MORE;
	}
	return mme_http1_bad(p, p->token == MME_PACKED_HTTP20 && p->method == MME_METHOD_PRI ? MME_SKIP_HTTP2
											     : MME_SKIP_MALFORMED);
}

MME_INLINE enum mme_step mme_http1_number_byte(struct mme_http1 *p, __u8 byte)
{
	if (byte == '\n') {
		if (!(p->flags & MME_HTTP1_DIGITS) || ((p->flags & MME_HTTP1_HAS_LENGTH) && p->token != p->remaining))
			return mme_http1_bad(p, MME_SKIP_MALFORMED); /* differing lengths: RFC 9112, 6.3 rule 5 */
		p->flags |= MME_HTTP1_HAS_LENGTH;
		p->phase = MME_HTTP1_LINE;
	} else if (byte == ' ' || byte == '\t' || byte == '\r') {
		if (p->flags & MME_HTTP1_DIGITS)
			p->flags |= MME_HTTP1_GAP;
	} else if (byte < '0' || byte > '9' || (p->flags & MME_HTTP1_GAP) || p->remaining >= 1000000000000000000ull) {
		return mme_http1_bad(p, MME_SKIP_MALFORMED);
	} else {
		p->flags |= MME_HTTP1_DIGITS;
		p->remaining = p->remaining * 10 + (byte - '0');
	}
	return MME_STEP_MORE;
}

MME_INLINE enum mme_step mme_http1_chunk_size_byte(struct mme_http1 *p, __u8 byte)
{
	__u8 lower = mme_lower(byte);

	if ((byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'f')) {
		if (p->remaining >> 56)
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		p->remaining = p->remaining * 16 + (__u64)(byte <= '9' ? byte - '0' : lower - 'a' + 10);
		p->flags |= MME_HTTP1_DIGITS;
		return MME_STEP_MORE;
	}
	if (!(p->flags & MME_HTTP1_DIGITS))
		return mme_http1_bad(p, MME_SKIP_MALFORMED);
	if (byte == '\n')
		p->phase = p->remaining ? MME_HTTP1_CHUNK_DATA : MME_HTTP1_TRAILER;
	else if (byte == '\r' || byte == ';' || byte == ' ' || byte == '\t')
		p->phase = MME_HTTP1_CHUNK_EXTENSION;
	else
		return mme_http1_bad(p, MME_SKIP_MALFORMED);
	return MME_STEP_MORE;
}

/* Bytes from here on that need not be looked at; 0 while framing is read. */
MME_INLINE __u64 mme_http1_skippable(const struct mme_http1 *p)
{
	if (p->phase == MME_HTTP1_BODY || p->phase == MME_HTTP1_CHUNK_DATA)
		return p->remaining;
	return p->phase >= MME_HTTP1_UNTIL_CLOSE ? ~0ull : 0;
}

/* Passes over `bytes` <= mme_http1_skippable() bytes. */
MME_INLINE enum mme_step mme_http1_skip(struct mme_http1 *p, __u64 bytes)
{
	p->head_bytes = 0; /* chunk framing counts from the last data on, wherever segments end */
	p->body_bytes += bytes;
	if (p->phase >= MME_HTTP1_UNTIL_CLOSE)
		return MME_STEP_MORE;
	p->remaining -= bytes;
	if (p->remaining)
		return MME_STEP_MORE;
	if (p->phase == MME_HTTP1_CHUNK_DATA) {
		p->phase = MME_HTTP1_CHUNK_END;
		return MME_STEP_MORE;
	}
	p->phase = MME_HTTP1_START;
	return MME_STEP_MESSAGE;
}

/* The stream ended. Returns MME_STEP_MESSAGE when that completes a close-delimited reply. */
MME_INLINE enum mme_step mme_http1_close(struct mme_http1 *p)
{
	if (p->phase != MME_HTTP1_UNTIL_CLOSE)
		return MME_STEP_MORE;
	p->phase = MME_HTTP1_START;
	return MME_STEP_MESSAGE;
}

MME_INLINE void mme_http1_name_byte(struct mme_http1 *p, struct mme_route_head *head, __u8 byte)
{
	p->token = mme_hash_byte(p->token, mme_lower(byte));
	if (p->token_bytes < 255)
		p->token_bytes++;
	if (p->token_bytes == 8 && p->token == MME_HASH_X_FORWAR)
		head->flags |= MME_ROUTE_FORWARDED;
}

/* One byte of a head or of chunk framing. */
MME_INLINE enum mme_step mme_http1_byte(struct mme_http1 *p, struct mme_route_head *head, __u8 byte)
{
	switch (p->phase) {
	case MME_HTTP1_START:
		mme_route_start(head);
		return mme_http1_start(p, byte);
	case MME_HTTP1_METHOD:
		if (byte == ' ') {
			p->method = mme_http1_method(p->token, p->token_bytes);
			p->phase = MME_HTTP1_TARGET;
		} else if (byte < '!' || byte > '~') {
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		} else {
			mme_http1_pack(p, byte);
		}
		break;
	case MME_HTTP1_VERSION:
		if (byte == '\r')
			break;
		if (byte == '\n') {
			p->phase = MME_HTTP1_LINE;
			return mme_http1_version_end(p);
		}
		if (!mme_http1_pack(p, byte))
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		break;
	case MME_HTTP1_STATUS_VERSION:
		if (byte == ' ') {
			p->phase = MME_HTTP1_STATUS;
			p->token_bytes = 0;
			return mme_http1_version_end(p);
		}
		if (!mme_http1_pack(p, byte))
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		break;
	case MME_HTTP1_STATUS:
		if (byte >= '0' && byte <= '9' && p->token_bytes < 3) {
			p->code = (__u16)(p->code * 10 + (byte - '0'));
			p->token_bytes++;
		} else if (p->token_bytes != 3 || p->code < 100) {
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		} else {
			p->phase = byte == '\n' ? MME_HTTP1_LINE : MME_HTTP1_SKIP_LINE;
		}
		break;
	case MME_HTTP1_LINE: {
		__u8 lower = mme_lower(byte);

		if (byte == '\r') {
			p->phase = MME_HTTP1_HEAD_END;
		} else if (byte == '\n') {
			return mme_http1_head_end(p);
		} else if (lower == 'c' || lower == 't' || lower == 'a' || lower == 'u' || lower == 'h' ||
			   lower == 'x') {
			mme_http1_token_start(p, MME_HTTP1_NAME);
			p->token_bytes = 1;
			p->token = mme_hash_byte(p->token, lower);
		} else {
			p->phase = MME_HTTP1_SKIP_LINE; /* no header that matters begins so */
		}
		break;
	}
	case MME_HTTP1_NAME:
		if (byte == ':')
			mme_http1_field_start(p);
		else if (byte == '\n')
			p->phase = MME_HTTP1_LINE;
		else
			mme_http1_name_byte(p, head, byte);
		break;
	case MME_HTTP1_NUMBER:
		return mme_http1_number_byte(p, byte);
	case MME_HTTP1_TOKENS:
		if (byte == '\n') {
			mme_http1_token_end(p);
			p->phase = MME_HTTP1_LINE;
		} else {
			mme_http1_token_byte(p, byte);
		}
		break;
	case MME_HTTP1_TYPE:
		if (byte == '\n')
			p->phase = MME_HTTP1_LINE;
		else
			mme_http1_type_byte(p, byte);
		break;
	case MME_HTTP1_HOST:
		mme_http1_host_byte(p, head, byte);
		break;
	case MME_HTTP1_HEAD_END:
		if (byte != '\n')
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		return mme_http1_head_end(p);
	case MME_HTTP1_CHUNK_SIZE:
		return mme_http1_chunk_size_byte(p, byte);
	case MME_HTTP1_CHUNK_END:
		if (byte == '\n') {
			p->phase = MME_HTTP1_CHUNK_SIZE;
			p->flags &= (__u16)~MME_HTTP1_DIGITS;
		} else if (byte != '\r') {
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		}
		break;
	case MME_HTTP1_TRAILER:
		if (byte == '\n') {
			p->phase = MME_HTTP1_START;
			return MME_STEP_MESSAGE;
		}
		p->phase = byte == '\r' ? MME_HTTP1_TRAILER_END : MME_HTTP1_TRAILER_LINE;
		break;
	case MME_HTTP1_TRAILER_END:
		if (byte != '\n')
			return mme_http1_bad(p, MME_SKIP_MALFORMED);
		p->phase = MME_HTTP1_START;
		return MME_STEP_MESSAGE;
	default:
		return mme_http1_bad(p, MME_SKIP_INTERNAL);
	}
	return MME_STEP_MORE;
}

/* Characters packed into words, the first in the low byte, for the forms that most messages have. */
#define MME_PACKED_CONTENT 0x2d746e65746e6f63ull  /* content- */
#define MME_PACKED_LENGTH 0x203a6874676e656cull	  /* length:_ */
#define MME_PACKED_TYPE 0x0000003a65707974ull	  /* type: */
#define MME_PACKED_TRANSFER 0x726566736e617274ull /* transfer */
#define MME_PACKED_ENCODIN 0x6e69646f636e652dull  /* -encodin */
#define MME_PACKED_CONNECTI 0x697463656e6e6f63ull /* connecti */
#define MME_PACKED_ON 0x00000000003a6e6full	  /* on: */
#define MME_PACKED_UPGRADE 0x3a65646172677075ull  /* upgrade: */
#define MME_PACKED_X_FORWAR 0x726177726f662d78ull /* x-forwar */
#define MME_PACKED_HOST 0x0000003a74736f68ull	  /* host: */
#define MME_PACKED_ACCEPT 0x003a747065636361ull	  /* accept: */
#define MME_PACKED_CHUNKED 0x0d64656b6e756863ull  /* chunked CR */
#define MME_PACKED_APPLICAT 0x746163696c707061ull /* applicat */
#define MME_PACKED_ION_GRPC 0x637072672f6e6f69ull /* ion/grpc */
#define MME_PACKED_CRLF 0x0a0dull

/* The bytes that the shortcuts below may look at; nearer to the window's end the bytes are read one by one. */
#define MME_HTTP1_SHORTCUT_BYTES 16
#define MME_HTTP1_LINE_BYTES 32

MME_INLINE __u32 mme_http1_pair(const struct mme_window *window, __u32 position)
{
	return (__u32)mme_window_load64(window, position) & 0xffff;
}

/* The value of up to eight decimal digits, the first in the low byte; 0 in *valid: there are others. */
MME_INLINE __u32 mme_http1_decimal(__u64 word, __u32 digits, int *valid)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 value = (word ^ (0x30 * ones)) << (8 * ((8 - digits) & 7));

	*valid = !(((value + 0x76 * ones) | value) & (0x80 * ones));
	value = value * 10 + (value >> 8); /* pairs, then fours, then all eight */
	return (__u32)(((value & 0xff000000ffull) * 0xf424000000064ull +
			((value >> 16) & 0xff000000ffull) * 0x271000000001ull) >>
		       32);
}

/* A whole method, or a whole "HTTP/1.1 200", at once. */
MME_INLINE void mme_http1_start_shortcut(struct mme_http1 *p, struct mme_route_head *head, struct mme_window *window)
{
	const __u32 position = window->position;
	const __u64 word = mme_window_load64(window, position);
	const __u64 status = mme_window_load64(window, position + 8);
	const __u8 d1 = (__u8)(status >> 8), d2 = (__u8)(status >> 16), d3 = (__u8)(status >> 24);
	__u32 blank;
	__u8 method;

	if (p->flags & MME_HTTP1_IS_REPLY) {
		if (word != MME_PACKED_HTTP11 || (status & 0xff) != ' ' || d1 < '1' || d1 > '9' || d2 < '0' ||
		    d2 > '9' || d3 < '0' || d3 > '9')
			return;
		mme_http1_start(p, 'H');
		p->code = (__u16)((d1 - '0') * 100 + (d2 - '0') * 10 + (d3 - '0'));
		p->token_bytes = 3;
		p->phase = (__u8)(status >> 32) == '\n' ? MME_HTTP1_STATUS : MME_HTTP1_SKIP_LINE;
		window->position = position + 12;
		return;
	}
	blank = mme_word_find(word, ' ');
	if (blank < 3 || blank > 7)
		return;
	method = mme_http1_method(word & MME_LOW_BYTES(blank & 7), (__u8)blank);
	if (method == MME_METHOD_EXTENSION)
		return;
	mme_http1_start(p, 'M');
	mme_route_start(head);
	p->method = method;
	p->phase = MME_HTTP1_TARGET;
	window->position = position + blank + 1;
}

/* The value of Content-Length, when one blank, up to seven digits and CR LF is all there is. */
MME_INLINE void mme_http1_length_shortcut(struct mme_http1 *p, struct mme_window *window, __u32 position)
{
	const __u64 word = mme_window_load64(window, position);
	const __u32 digits = mme_word_find(word, '\r');
	__u32 value;
	int valid;

	if (digits - 1 > 6 || mme_http1_pair(window, position + digits) != MME_PACKED_CRLF)
		return;
	value = mme_http1_decimal(word, digits, &valid);
	if (!valid || ((p->flags & MME_HTTP1_HAS_LENGTH) && p->token != value))
		return;
	p->remaining = value;
	p->flags |= MME_HTTP1_DIGITS | MME_HTTP1_HAS_LENGTH;
	p->phase = MME_HTTP1_LINE;
	window->position = position + digits + 2;
}

/* A header line by its first words: of what matters the name is passed over, and a simple value with it; what cannot
 * matter becomes SKIP_LINE; the rest is left to be read byte by byte. */
MME_INLINE void mme_http1_line_shortcut(struct mme_http1 *p, struct mme_route_head *head, struct mme_window *window)
{
	const __u32 position = window->position;
	const __u8 byte = mme_window_byte(window, position), letter = byte | 0x20;
	__u64 first, second, name = 0;
	__u32 bytes = 0;

	if (byte == '\r' || byte == '\n')
		return;
	if (letter != 'c' && letter != 't' && letter != 'a' && letter != 'u' && letter != 'h' && letter != 'x') {
		p->phase = MME_HTTP1_SKIP_LINE;
		return;
	}
	first = mme_word_lower(mme_window_load64(window, position));
	second = mme_word_lower(mme_window_load64(window, position + 8));
	if (first == MME_PACKED_CONTENT && second == MME_PACKED_LENGTH) {
		name = MME_HASH_CONTENT_LENGTH;
		bytes = 16;
	} else if (first == MME_PACKED_CONTENT && (second & MME_LOW_BYTES(5)) == MME_PACKED_TYPE) {
		name = MME_HASH_CONTENT_TYPE;
		bytes = 13;
	} else if (first == MME_PACKED_CONTENT) {
		if ((second & 0xff) == 'l' || (second & 0xff) == 't')
			return;
	} else if (first == MME_PACKED_TRANSFER) {
		if (second != MME_PACKED_ENCODIN ||
		    (mme_word_lower(mme_window_load64(window, position + 16)) & 0xffff) != 0x3a67 /* g: */)
			return;
		name = MME_HASH_TRANSFER_ENCODING;
		bytes = 18;
	} else if (first == MME_PACKED_CONNECTI && (second & MME_LOW_BYTES(3)) == MME_PACKED_ON) {
		name = MME_HASH_CONNECTION;
		bytes = 11;
	} else if (first == MME_PACKED_UPGRADE) {
		name = MME_HASH_UPGRADE;
		bytes = 8;
	} else if ((first & MME_LOW_BYTES(5)) == MME_PACKED_HOST) {
		name = MME_HASH_HOST;
		bytes = 5;
	} else if (first == MME_PACKED_X_FORWAR) {
		head->flags |= MME_ROUTE_FORWARDED;
	} else if ((first & MME_LOW_BYTES(7)) == MME_PACKED_ACCEPT) {
		name = MME_HASH_ACCEPT;
		bytes = 7;
	}
	if (!name) {
		p->phase = MME_HTTP1_SKIP_LINE;
		return;
	}
	p->token = name;
	mme_http1_field_start(p);
	window->position = position + bytes;
	if (p->phase == MME_HTTP1_NUMBER)
		mme_http1_length_shortcut(p, window, position + bytes);
	else if (p->phase == MME_HTTP1_TYPE && mme_window_byte(window, position + 13) == ' ' &&
		 (mme_window_load64(window, position + 14) != MME_PACKED_APPLICAT ||
		  mme_window_load64(window, position + 22) != MME_PACKED_ION_GRPC))
		p->phase = MME_HTTP1_SKIP_LINE;
}

/* The elements of a list, as far as they cannot be the one that is looked for; and "chunked" alone. */
MME_INLINE void mme_http1_tokens_shortcut(struct mme_http1 *p, struct mme_window *window)
{
	const __u32 position = window->position;
	const __u64 word = mme_window_load64(window, position);
	const __u64 lower = mme_word_lower(word) & MME_LOW_BYTES(7);
	__u32 comma, end;

	if (p->token_bytes == 0) {
		if ((word & 0xff) == ' ') {
			window->position = position + 1;
			return;
		}
		if (p->field == MME_FIELD_CODING) {
			if (mme_word_lower(word) == MME_PACKED_CHUNKED &&
			    mme_window_byte(window, position + 8) == '\n') {
				p->flags |= MME_HTTP1_HAS_CODING | MME_HTTP1_CHUNKED;
				p->phase = MME_HTTP1_LINE;
				window->position = position + 9;
			}
			return;
		}
		if (lower == 0x65646172677075ull /* upgrade */ || lower == 0x6b636f73626577ull /* websock */ ||
		    lower == 0x76652f74786574ull /* text/ev */ || (word & 0xff) == ',' || (word & 0xff) <= '\r')
			return;
		p->token = 0; /* no token that we know */
		p->token_bytes = 1;
	}
	if (p->token || p->field == MME_FIELD_CODING)
		return;
	comma = mme_word_find(word, ',');
	end = mme_word_find(word, '\n');
	if (comma < end) {
		mme_http1_token_start(p, MME_HTTP1_TOKENS);
		window->position = position + comma + 1;
	} else if (end < 8) {
		p->phase = MME_HTTP1_LINE;
		window->position = position + end + 1;
	} else {
		window->position = position + 8;
	}
}

/* The value of Host, as far as it has no blank and no line end. */
MME_INLINE void mme_http1_host_shortcut(struct mme_http1 *p, struct mme_route_head *head, struct mme_window *window)
{
	const __u32 position = window->position;
	const __u64 word = mme_window_load64(window, position);
	__u32 bytes;

	if (p->flags & MME_HTTP1_GAP || head->flags & MME_ROUTE_HAS_HOST)
		return;
	if (!p->token_bytes && (word & 0xff) == ' ') {
		window->position = position + 1;
		return;
	}
	bytes = mme_word_first(mme_word_blanks(word));
	mme_opaque(bytes);
	if (!bytes)
		return;
	p->token_bytes = 1;
	mme_route_host(head, word, bytes);
	window->position = position + bytes;
}

/* Words of the path that are looked at in one call. */
#define MME_TARGET_WORDS 4

/* The path, up to a blank or a question mark. */
MME_INLINE void mme_http1_target(struct mme_http1 *p, struct mme_route_head *head, struct mme_window *window)
{
	for (__u32 i = 0; i < MME_TARGET_WORDS; i++) {
		const __u32 position = window->position, left = window->length - position;
		const __u64 word = mme_window_load64(window, position);
		__u32 bytes = mme_word_first(mme_word_marks(word, ' ') | mme_word_marks(word, '?'));

		mme_opaque(bytes);
		if (bytes > left)
			bytes = left;
		if (bytes)
			mme_route_path(head, word, bytes);
		window->position = position + bytes;
		if (bytes == left) /* the word may have ended with the window, or before the blank */
			return;
		if (bytes < 8) {
			p->phase = (__u8)(word >> (8 * bytes)) == '?' ? MME_HTTP1_QUERY : MME_HTTP1_VERSION;
			p->token = 0;
			p->token_bytes = 0;
			window->position = position + bytes + 1;
			return;
		}
		mme_forget_registers();
	}
}

/* A chunk's size when its line has nothing else, with the line end behind the last chunk's data. */
MME_INLINE void mme_http1_chunk_shortcut(struct mme_http1 *p, struct mme_window *window)
{
	__u32 position = window->position, value = 0, digits;

	if (p->phase == MME_HTTP1_CHUNK_END) {
		if (mme_http1_pair(window, position) != MME_PACKED_CRLF)
			return;
		p->phase = MME_HTTP1_CHUNK_SIZE;
		p->flags &= (__u16)~MME_HTTP1_DIGITS;
		position += 2;
		window->position = position;
	}
	if (p->flags & MME_HTTP1_DIGITS)
		return;
	for (digits = 0; digits < 6; digits++) {
		const __u8 byte = mme_window_byte(window, position + digits);
		const __u32 decimal = (__u32)byte - '0', letter = ((__u32)byte | 0x20) - 'a';

		if (decimal > 9 && letter > 5)
			break;
		value = value * 16 + (decimal <= 9 ? decimal : letter + 10);
	}
	if (!digits || mme_http1_pair(window, position + digits) != MME_PACKED_CRLF)
		return;
	p->remaining = value;
	p->flags |= MME_HTTP1_DIGITS;
	p->phase = value ? MME_HTTP1_CHUNK_DATA : MME_HTTP1_TRAILER;
	window->position = position + digits + 2;
}

/* Everything but the byte-wise reading: the forms that most messages have, and bodies. Each stage leaves its result in
 * memory, so one call may go through several. */
MME_INLINE enum mme_step mme_http1_shortcuts(struct mme_http1 *p, struct mme_route_head *head,
					     struct mme_window *window)
{
	__u64 skippable;
	__u32 left = window->length - window->position;

	if (left >= 2 && (p->phase == MME_HTTP1_LINE || p->phase == MME_HTTP1_TRAILER) &&
	    mme_http1_pair(window, window->position) == MME_PACKED_CRLF) {
		window->position += 2;
		if (p->phase == MME_HTTP1_TRAILER) {
			p->phase = MME_HTTP1_START;
			return MME_STEP_MESSAGE;
		}
		return mme_http1_head_end(p);
	}
	if (left >= MME_HTTP1_SHORTCUT_BYTES) {
		if (p->phase == MME_HTTP1_START)
			mme_http1_start_shortcut(p, head, window);
		else if (p->phase == MME_HTTP1_LINE && left >= MME_HTTP1_LINE_BYTES)
			mme_http1_line_shortcut(p, head, window);
		else if (p->phase == MME_HTTP1_TOKENS)
			mme_http1_tokens_shortcut(p, window);
		else if (p->phase == MME_HTTP1_HOST)
			mme_http1_host_shortcut(p, head, window);
		else if (p->phase == MME_HTTP1_CHUNK_SIZE || p->phase == MME_HTTP1_CHUNK_END)
			mme_http1_chunk_shortcut(p, window);
		mme_forget_registers();
	}
	if (p->phase == MME_HTTP1_TARGET) {
		mme_http1_target(p, head, window);
		mme_forget_registers();
	}
	if (p->phase == MME_HTTP1_QUERY) {
		if (mme_window_skip_to(window, ' ')) {
			p->phase = MME_HTTP1_VERSION;
			p->token = 0;
			p->token_bytes = 0;
		}
		mme_forget_registers();
	}
	if (p->phase == MME_HTTP1_VERSION && p->token_bytes == 0 && window->length - window->position >= 10 &&
	    mme_window_load64(window, window->position) == MME_PACKED_HTTP11 &&
	    mme_http1_pair(window, window->position + 8) == MME_PACKED_CRLF) {
		p->phase = MME_HTTP1_LINE;
		window->position += 10;
	}
	mme_forget_registers();
	if (p->phase == MME_HTTP1_SKIP_LINE || p->phase == MME_HTTP1_TRAILER_LINE ||
	    p->phase == MME_HTTP1_CHUNK_EXTENSION) {
		if (mme_window_skip_to(window, '\n')) {
			if (p->phase == MME_HTTP1_SKIP_LINE)
				p->phase = MME_HTTP1_LINE;
			else if (p->phase == MME_HTTP1_TRAILER_LINE)
				p->phase = MME_HTTP1_TRAILER;
			else
				p->phase = p->remaining ? MME_HTTP1_CHUNK_DATA : MME_HTTP1_TRAILER;
		}
		return MME_STEP_MORE;
	}
	skippable = mme_http1_skippable(p);
	if (skippable) {
		__u32 bytes;

		left = window->length - window->position;
		bytes = skippable < left ? (__u32)skippable : left;
		p->head_bytes = 0;
		window->position += bytes;
		return mme_http1_skip(p, bytes);
	}
	return MME_STEP_MORE;
}

/* Reads on until something happened: HEAD, MESSAGE or BAD with `position` behind the byte that decided; or MORE when
 * the window is used up or MME_FEED_TURNS were taken. Call again for the rest of the window. */
MME_INLINE enum mme_step mme_http1_feed(struct mme_http1 *p, struct mme_route_head *head, struct mme_window *window)
{
	for (__u32 turn = 0; turn < MME_FEED_TURNS; turn++) { /* every turn uses at least one byte */
		enum mme_step step;
		__u32 before;

		mme_forget_registers();
		before = window->position;
		if (before >= window->length)
			return MME_STEP_MORE;
		step = mme_http1_shortcuts(p, head, window);
		mme_forget_registers();
		if (step == MME_STEP_MORE && window->position == before) {
			window->position = before + 1;
			step = mme_http1_byte(p, head, mme_window_byte(window, before));
			mme_forget_registers();
		}
		if (step != MME_STEP_MORE)
			return step;
		if (mme_http1_skippable(p))
			continue;
		p->head_bytes += window->position - before;
		if (p->head_bytes > MME_HTTP_HEAD_BYTES)
			return mme_http1_bad(p, MME_SKIP_HEAD_TOO_LONG);
	}
	return MME_STEP_MORE;
}

#endif
